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
  /** How many calls it has made, as it has told. */
  calls: number;
}

/** The processes of a round: each plays until it is stopped; one that is killed has another one in its place. */
export class Players {
  private readonly players: Player[] = [];
  private gone = 0;
  private names = 0;

  /** @param planOf what the nth process, of that name, is told */
  constructor(private readonly planOf: (place: number, name: string) => PlayerPlan) {}

  /** How many calls were made, about. */
  get calls(): number {
    return this.players.reduce((sum, { calls }) => sum + calls, this.gone);
  }

  begin(count: number): void {
    for (let place = 0; place < count; place += 1) this.spawn(place);
  }

  /** Kills one in the midst of its calls, and begins another. */
  async kill(random: Random): Promise<void> {
    const place = random.between(0, this.players.length - 1);
    const { child, calls } = this.players[place]!;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    this.gone += calls;
    this.spawn(place);
  }

  /** Lets one stand still for so long, with its connections and locks. */
  async pause(random: Random, ms: number): Promise<void> {
    const { child } = random.pick(this.players);
    child.kill('SIGSTOP');
    await delay(ms);
    child.kill('SIGCONT');
  }

  /** Sets the clock of one. */
  setClock(random: Random, clockMs: number): void {
    const { child } = random.pick(this.players);
    if (child.connected) child.send({ clockMs });
  }

  /** Lets all end their calls, and waits for their ends. A call that hangs for longer than that is killed with its process. */
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
