import { hostname } from 'node:os';
import type { WorkerOptions } from '@sendense/protection-flows';

/** How a simulated backup goes. */
export interface SimulationSettings {
  /** How long the backup of one VM takes, in milliseconds. */
  readonly backupMs: number;
  /** The share of backups that fail, 0 to 1. */
  readonly failRate: number;
  /** The names of VMs whose backups always fail. */
  readonly failVms: ReadonlySet<string>;
}

/** The scheduler's settings. */
export interface SchedulerSettings {
  /** The worker's options; its name is kept as a run's `triggered_by` and in its metadata. */
  readonly worker: Omit<WorkerOptions, 'repositories' | 'run'> & {
    readonly name: string;
    readonly pollMs: number;
  };
  readonly simulation: SimulationSettings;
  /** How many VMs of one run are backed up at once. */
  readonly vmsAtOnce: number;
  /** Executions older than this many days are deleted; null: none are. */
  readonly keepDays: number | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Thrown by {@link readSettings}: names every variable that is wrong. */
export class SettingsError extends Error {}

/**
 * Reads the settings from the environment; README.md lists the variables. An empty variable counts as not set.
 *
 * @throws SettingsError naming every wrong variable
 */
export function readSettings(env: Environment): SchedulerSettings {
  const faults: string[] = [];
  const text = (name: string): string | null => env[name]?.trim() || null;
  const number = <Otherwise extends number | null>(
    name: string,
    otherwise: Otherwise,
    { min, max, step = 1 }: { min: number; max: number; step?: number },
  ): number | Otherwise => {
    const given = text(name);
    if (given === null) return otherwise;
    const value = Number(given);
    if (value >= min && value <= max && (step !== 1 || Number.isInteger(value))) return value;
    faults.push(`${name} must be a ${step === 1 ? 'whole ' : ''}number from ${min} to ${max}, not ${given}`);
    return otherwise;
  };

  const day = 86_400_000;
  const silenceMs = number('SILENCE_MS', 120_000, { min: 2_000, max: day });
  const settings: SchedulerSettings = {
    worker: {
      name: text('WORKER_NAME') ?? `${hostname()}-${process.pid}`,
      pollMs: number('POLL_MS', 2_000, { min: 50, max: 60_000 }),
      concurrency: number('MAX_RUNS', 5, { min: 1, max: 100 }),
      perRepository: number('PER_REPOSITORY', null, { min: 1, max: 1_000 }) ?? undefined,
      heartbeatMs: Math.floor(silenceMs / 4),
      silenceMs,
      stopMs: number('STOP_LIMIT_MS', 20_000, { min: 0, max: day }),
    },
    simulation: {
      backupMs: number('BACKUP_MS', 1_500, { min: 0, max: day }),
      failRate: number('FAIL_RATE', 0, { min: 0, max: 1, step: 0 }),
      failVms: new Set((text('FAIL_VMS') ?? '').split(',').map((name) => name.trim())),
    },
    vmsAtOnce: number('VMS_AT_ONCE', 2, { min: 1, max: 100 }),
    keepDays: number('KEEP_DAYS', null, { min: 1, max: 3_650 }),
  };
  if (faults.length > 0) throw new SettingsError(faults.join('\n'));
  return settings;
}
