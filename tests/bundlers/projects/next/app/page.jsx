'use client';
import { useEffect } from 'react';
import { report } from '../use.js';

export default function Page() {
  useEffect(() => report('/guests/'), []);
  return <p>Next</p>;
}
