export function family(pid: number): number[];
export function cpuSeconds(pids: number[]): number;
export function memory(pids: number[]): number;
export function threads(pids: number[]): number;
