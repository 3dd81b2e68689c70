import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { packageFolder } from '../support/run-program';
import type { PlayerPlan } from './plan';
import type { Random } from './random';

const register = join(packageFolder, 'test', 'support', 'register-swc.js');

interface Player {
  readonly child: ChildProcess;
  /** How many calls it has reported so far. */
  calls: number;
}

/** The processes of a round. Each plays until it is stopped; a killed process is replaced. */
export class Players {
  private readonly players: Player[] = [];
  private gone = 0;
  private names = 0;

  /** @param planOf returns the plan of the process at this place, with this name */
  constructor(private readonly planOf: (place: number, name: string) => PlayerPlan) {}

  /** About how many calls were made. */
  get calls(): number {
    return this.players.reduce((sum, { calls }) => sum + calls, this.gone);
  }

  begin(count: number): void {
    for (let place = 0; place < count; place += 1) this.spawn(place);
  }

  /** Kills a random process during its calls, and starts another in its place. */
  async kill(random: Random): Promise<void> {
    const place = random.between(0, this.players.length - 1);
    const { child, calls } = this.players[place]!;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    this.gone += calls;
    this.spawn(place);
  }

  /** Pauses a random process, with its connections and locks, for this time. */
  async pause(random: Random, ms: number): Promise<void> {
    const { child } = random.pick(this.players);
    child.kill('SIGSTOP');
    await delay(ms);
    child.kill('SIGCONT');
  }

  /** Sets the clock of a random process. */
  setClock(random: Random, clockMs: number): void {
    const { child } = random.pick(this.players);
    if (child.connected) child.send({ clockMs });
  }

  /** Stops all processes after their calls, and waits for their ends. Kills a process that takes longer than the limit. */
  async stop(limitMs = 60_000): Promise<void> {
    await Promise.all(
      this.players.map(async ({ child }) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const exited = once(child, 'exit');
        if (child.connected) child.send('stop', () => undefined);
        const killing = setTimeout(() => child.kill('SIGKILL'), limitMs);
        await exited;
        clearTimeout(killing);
      }),
    );
  }

  private spawn(place: number): void {
    this.names += 1;
    const plan = this.planOf(place, `${this.names}`);
    const { PATH, HOME, TMPDIR } = process.env;
    const child = fork(join(__dirname, 'player.ts'), [], {
      execArgv: ['-r', register],
      env: { PATH, HOME, TMPDIR, PLAYER_PLAN: JSON.stringify(plan) },
      stdio: ['ignore', 'ignore', process.env['HISTORIES_DEBUG'] ? 'inherit' : 'ignore', 'ipc'],
    });
    const player: Player = { child, calls: 0 };
    child.on('message', (calls) => (player.calls = Number(calls)));
    child.on('error', () => undefined);
    this.players[place] = player;
  }
}
