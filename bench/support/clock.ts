/** The machine's monotonic clock in milliseconds: the same one in every process, so their times can be compared. */
export function clock(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
