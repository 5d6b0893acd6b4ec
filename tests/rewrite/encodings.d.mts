export function compareEncodings(rewriterModule: WebAssembly.Module): {
  shapes: number;
  compared: number;
  agreed: number;
  differences: string[];
};
