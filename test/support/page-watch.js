// Runs in a page before the page's own scripts, and records what was on the screen, even for a moment.
(() => {
  /** Texts that a program shows by mistake for a missing date, number or text. */
  const wrong = /\b19(69|70)\b|Invalid Date|\bNaN\b|\bundefined\b|\bnull\b|\[object /;

  /** Elements whose content is no text of the page. */
  const unseen = ['SCRIPT', 'STYLE'];

  const watched = { problems: [], shifts: [], progress: {} };
  window.watched = watched;

  function textOf(node) {
    if (unseen.includes(node.nodeName)) return '';
    return node.nodeType === Node.TEXT_NODE ? node.data : [...node.childNodes].map(textOf).join('');
  }

  function noteText(text) {
    if (wrong.test(text)) watched.problems.push(`shown: ${text.trim()}`);
  }

  /** Records each value of a run's progress bar; `gone` once the bar has disappeared. */
  function noteProgress(bar) {
    const { run } = bar.dataset;
    if (run === undefined) return;
    const values = (watched.progress[run] ??= []);
    const now = bar.hidden || !bar.isConnected ? 'gone' : bar.value;
    if (values.at(-1) !== now) values.push(now);
  }

  new MutationObserver((changes) => {
    const bars = new Set();
    for (const { type, target, addedNodes, removedNodes } of changes) {
      if (type === 'characterData') noteText(target.data);
      if (!unseen.includes(target.nodeName)) for (const node of addedNodes) noteText(textOf(node));
      for (const node of removedNodes)
        // A row that only moved is connected again by now
        if (node.nodeName === 'TR' && !node.isConnected)
          watched.problems.push(`row gone: ${node.textContent.replace(/\s+/g, ' ').trim()}`);
      if (target.nodeName === 'PROGRESS') bars.add(target);
    }
    bars.forEach(noteProgress);
  }).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });

  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput } of list.getEntries())
      if (!hadRecentInput) watched.shifts.push(value);
  }).observe({ type: 'layout-shift' });
})();
