import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { use } from './use.js';

const folder = (name) => pathToFileURL(path.resolve(name) + path.sep).href;
const assets = process.argv[2];
use(folder('guests'), assets ? { assets: folder(assets) } : {}).then((seen) => console.log(JSON.stringify(seen)));
