export const chromiumSwitches: string[];
