/** A process or a connection; the page numbers both in one sequence. */
import { TRACE_FD } from '../build/generated/layouts.ts';
import type { FromCoordinator, StreamFd, ToCoordinator } from '../common/protocol.ts';

/** A message about the streams of a channel, or its end. */
export type ChannelMessage = Exclude<Extract<ToCoordinator, { id: number }>, { t: 'spawn' | 'connect' | 'accept' }>;

export type Post = (message: FromCoordinator, transfer?: ArrayBuffer[]) => void;

export interface Channel {
  handle(message: ChannelMessage): void;
  output(fd: StreamFd, bytes: Uint8Array<ArrayBuffer>): void;
  /** `result` is a negated errno if the stream broke. */
  outputEnd(fd: StreamFd, result: number): void;
  /** Called when there is room for input again. */
  pumpInput(): void;
}

/** Answers a message to a channel that ended before the page knew. */
export function handleGone(message: ChannelMessage, post: Post): void {
  switch (message.t) {
    case 'stdin':
      post({ t: 'stdin-done', id: message.id, error: { code: 'EPIPE', message: 'the program has ended' } });
      break;
    case 'pause':
      post({ t: 'done', call: message.call, value: undefined });
      break;
    case 'trace':
      // The page waits for the trace to end, even though it never began.
      if (message.credit > 0) post({ t: 'end', id: message.id, fd: TRACE_FD });
      break;
  }
}
