import { Option } from 'commander';
import { orphanChoices } from '../engine/orphans/choices';

/** `--orphans`: what is to become of rows whose parent does not exist. */
export function orphansOption(): Option {
  return new Option(
    '--orphans <choice>',
    'rows whose parent does not exist: report them and refuse the key, set the reference to null, or move them to sendense_flow_orphans (quarantine)',
  )
    .choices(orphanChoices)
    .default('report');
}
