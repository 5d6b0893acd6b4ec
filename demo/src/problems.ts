/** Why the runtime does not start here, and what to do. */
import { element, setText } from './dom.ts';
import type { RuntimeState } from './runtime.ts';

export function showProblems(state: RuntimeState): void {
  const section = element('#problems');
  const failed = state.kind === 'failed';
  section.hidden = !failed;
  if (!failed) return;
  const list = element('#problem-list', section);
  // The problems have more detail than the message, which is made from them.
  const summary = element('#problem-summary', section);
  summary.hidden = state.problems.length > 0;
  setText(summary, state.message);
  list.replaceChildren(
    ...state.problems.map(({ what, why, fix }) => {
      const item = document.createElement('li');
      item.append(paragraph('what', what), paragraph('why', why), paragraph('fix', fix));
      return item;
    }),
  );
}

function paragraph(name: string, text: string): HTMLParagraphElement {
  const node = document.createElement('p');
  node.className = name;
  node.textContent = text;
  return node;
}
