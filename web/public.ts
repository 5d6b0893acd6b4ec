/** The part of the public API that the page and Node share. */
export {
  CallFailed,
  Closed,
  Fatal,
  FsError,
  HandleError,
  HoldfastError,
  NotIsolated,
  PipeError,
  SocketError,
  SpawnRefused,
  StartFailed,
  SupervisorError,
  type Problem,
  type RefusalKind,
} from './errors.js';
export { hostFunction } from './host-options.js';
export type {
  Companion,
  CompanionContext,
  CompanionImports,
  CompanionOption,
  CompanionReply,
  HostContext,
  HostClass,
  HostFunction,
  HostFunctions,
  HostSignatureOption,
  Values,
} from './host-options.js';
export type {
  Dirent,
  Encoding,
  FileData,
  FileStat,
  FileSystem,
  FileType,
  ReadableOptions,
  WritableOptions,
} from './fs.js';
export type { HttpOption, HttpOptions } from './http.js';
export type { ServeOptions, Server } from './serve.js';
export type { Holdfast, ProcessInfo, Stats } from './holdfast.js';
export type {
  Callable,
  Exports,
  Instance,
  InstanceCallOptions,
  InstanceMemory,
  InstantiateOptions,
  Signature,
  ValueKind,
} from './instance.js';
export type { Loop, LoopEnd, LoopOptions, LoopRound } from './loop.js';
export type { AnyInstance, LinkedInstance, LinkOption, LinkOptions } from './link-options.js';
export type { Limits } from './limits.js';
export type { AssetName, Assets } from './assets.js';
export type {
  InputData,
  InputRecord,
  OutputOption,
  Preopens,
  PreopenTarget,
  Progress,
  SocketOption,
  SpawnOptions,
  StartOptions,
  StdinOption,
} from './options.js';
export type { ChildrenOption } from './children.js';
export type {
  ChannelOptions,
  Pipe,
  PipelineOptions,
  PipelineProgram,
  PipelineResult,
  PipeOptions,
  PipeReader,
  PipeWriter,
} from './pipes.js';
export type { Exit, JoinOptions, Process } from './process.js';
export type { ExitReason, WasmModule } from '../common/protocol.js';
export type { Files, RunOptions, RunResult } from './run.js';
export type { ConnectOptions, Connection, Listener, ListenOptions } from './sockets.js';
export type { ReadySource, Source } from './source.js';
export type {
  Attachment,
  ScreenListener,
  Terminal,
  TerminalOption,
  TerminalOptions,
  TerminalScreen,
  TerminalSignal,
} from './terminal.js';
export type { CallOptions, HandlerContext, Plugin, PluginHandler, PluginLogger, PluginOptions } from './plugin.js';
export type {
  InternalError,
  InvalidParams,
  InvalidRequest,
  MethodNotFound,
  ParseError,
  PluginClosed,
  PluginError,
  PluginExited,
  PluginOutputError,
  PluginTimeout,
  RpcError,
} from './rpc-errors.js';
export type { TraceEvent, TraceOption } from './tracing.js';
export type {
  Backoff,
  ChildOptions,
  ProgramStart,
  RestartType,
  StartContext,
  Strategy,
  Supervisable,
  SuperviseOptions,
} from './supervise-options.js';
export type {
  ChildExit,
  ChildInfo,
  EndReason,
  Outcome,
  Supervisor,
  SupervisorEvent,
  SupervisorEventName,
  SupervisorEventOf,
} from './supervise.js';
