'use strict';
// Preloaded into a measured process (node -r): writes its peak memory, in KiB, to the file that BENCH_MEMORY names.
const { writeFileSync } = require('node:fs');

process.on('exit', () => {
  if (process.env.BENCH_MEMORY)
    writeFileSync(process.env.BENCH_MEMORY, String(process.resourceUsage().maxRSS));
});
