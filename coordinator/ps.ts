/** What `hf.ps()` reports of a process. It is part of the file files.ts. */
import { CALLS, PREVIEW1_NAMES } from '../build/generated/abi.ts';
import {
  PS_PROCESS_CPU_TIME,
  PS_PROCESS_FILES,
  PS_PROCESS_FILE_BYTES,
  PS_PROCESS_LENGTH,
  PS_PROCESS_MEMORY,
  PS_THREAD_ASLEEP_FOR,
  PS_THREAD_CALL,
  PS_THREAD_CPU_TIME,
  PS_THREAD_LENGTH,
  PS_THREAD_SYSCALLS,
  PS_THREAD_TID,
  PS_THREAD_WHERE,
  type PsProcess,
  type PsThread,
  WHERE_CALL,
  WHERE_GONE,
  WHERE_GUEST,
  WHERE_IDLE,
  WHERE_PAUSED,
  WHERE_READY,
} from '../build/generated/layouts.ts';
import { left } from '../common/parts.ts';
import { after } from '../common/pointer.ts';
import type { PsMessage, ThreadState } from '../common/protocol.ts';
import type * as ComponentPart from './component.ts';
import type { Kernel } from './kernel.ts';
import type { Session } from './session.ts';

const threadStates: Readonly<Record<number, ThreadState>> = {
  [WHERE_GUEST]: 'guest',
  [WHERE_CALL]: 'call',
  [WHERE_PAUSED]: 'paused',
  [WHERE_GONE]: 'ending',
  [WHERE_IDLE]: 'idle',
  [WHERE_READY]: 'ready',
};
/** In the order of enum hf_call. */
const callNames = ['', ...PREVIEW1_NAMES, ...Object.values(CALLS)];
const ENDING = { state: 'ending', call: '', asleepFor: 0 } as const;
/** The name of a call of WASI 0.2, which only components make. */
const nameOfCall = (kernel: Kernel, call: number): string => left<typeof ComponentPart>().callName(kernel, call);

export function ps(kernel: Kernel, session: Session): PsMessage {
  const size = session.describe();
  const process = kernel.numbers<PsProcess>(kernel.data, PS_PROCESS_LENGTH);
  const threads: PsMessage['threads'] = [];
  for (let at = PS_PROCESS_LENGTH; at < size; at += PS_THREAD_LENGTH) threads.push(threadAt(kernel, at));
  // Show the thread that has been asleep for the shortest time, because a running thread is more informative than a waiting one.
  const { state, call, asleepFor } = [...threads].sort((a, b) => a.asleepFor - b.asleepFor)[0] ?? ENDING;
  return {
    id: session.id,
    pid: session.pid,
    name: session.name,
    started: session.started,
    state,
    call,
    asleepFor,
    cpuTime: process[PS_PROCESS_CPU_TIME],
    memory: process[PS_PROCESS_MEMORY],
    fileBytes: process[PS_PROCESS_FILE_BYTES],
    descriptors: process[PS_PROCESS_FILES],
    parent: session.parent,
    threads,
  };
}

function threadAt(kernel: Kernel, at: number): PsMessage['threads'][number] {
  const thread = kernel.numbers<PsThread>(after(kernel.data, 8 * at), PS_THREAD_LENGTH);
  const state = threadStates[thread[PS_THREAD_WHERE]]!;
  return {
    tid: thread[PS_THREAD_TID],
    state,
    call: state === 'call' ? (callNames[thread[PS_THREAD_CALL]] ?? nameOfCall(kernel, thread[PS_THREAD_CALL])) : '',
    asleepFor: thread[PS_THREAD_ASLEEP_FOR],
    syscalls: thread[PS_THREAD_SYSCALLS],
    cpuTime: thread[PS_THREAD_CPU_TIME],
  };
}
