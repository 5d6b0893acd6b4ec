import { sveltekit } from '@sveltejs/kit/vite';
import { holdfast } from 'holdfast/vite';

export default { plugins: [sveltekit(), holdfast()] };
