import { Option } from 'commander';
import { orphanChoices } from '../engine/orphans/context';

/** `--orphans`: what is to become of rows whose parent does not exist. */
export function orphansOption(): Option {
  return new Option(
    '--orphans <choice>',
    'rows whose parent does not exist: report them and refuse the key, set the reference to null, or set them aside in sendense_flow_orphans_… (quarantine)',
  )
    .choices(orphanChoices)
    .default('report');
}
