/** The machine's monotonic clock in milliseconds, the same in every process, so that times can be compared. */
export function clock(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
