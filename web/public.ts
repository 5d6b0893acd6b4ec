/** What the page and Node have in common of the public API. */
export {
  Closed,
  Fatal,
  FsError,
  HoldfastError,
  NotIsolated,
  PipeError,
  SpawnRefused,
  StartFailed,
  type Problem,
  type RefusalKind,
} from './errors.js';
export type { Dirent, FileData, FileStat, FileSystem, FileType } from './fs.js';
export type { Holdfast, Stats } from './holdfast.js';
export type {
  Assets,
  InputData,
  OutputOption,
  Preopens,
  PreopenTarget,
  Progress,
  SpawnOptions,
  StartOptions,
  StdinOption,
} from './options.js';
export type { Exit, Process } from './process.js';
export type { ExitReason } from './protocol.js';
export type { RunOptions, RunResult } from './run.js';
export type { Source } from './source.js';
