import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { use } from '../../../use.js';

export const dynamic = 'force-dynamic';

export async function GET() {
  return Response.json(await use(pathToFileURL(path.resolve('public/guests') + path.sep).href));
}
