'use strict';
// Preloaded into a measured process (node -r): writes its peak memory, in KiB, to the file that BENCH_MEMORY names.
const { readFileSync, writeFileSync } = require('node:fs');

/** On Linux maxRSS includes the memory of the process that spawned this one; VmHWM does not. */
function peak() {
  try {
    return /^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1];
  } catch {
    return process.resourceUsage().maxRSS;
  }
}

process.on('exit', () => {
  if (process.env.BENCH_MEMORY) writeFileSync(process.env.BENCH_MEMORY, String(peak()));
});
