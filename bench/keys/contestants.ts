import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { clock } from '../support/clock';
import { TsProcess } from '../support/ts-process';
import type { ContestantMessage, DdlName, Run } from './contestant-messages';

const file = resolve(__dirname, 'contestant-process.ts');

/** Something that is measured under load. */
export interface Contestant {
  run(): Promise<Run>;
  release(): void;
}

/** A way to add the key, in a process of its own that has loaded its code and is connected. */
export async function ddlContestant(name: DdlName, url: string): Promise<Contestant> {
  const contestant = new TsProcess<'go', ContestantMessage>(file, [name], { DATABASE_URL: url });
  await contestant.next();
  return {
    async run() {
      const answer = contestant.next();
      contestant.send('go');
      const message = await answer;
      if (message.is !== 'done') throw new Error(`${name}: ${message.is}`);
      return message.run;
    },
    release: () => contestant.release(),
  };
}

/** Does nothing for some time. */
export function control(ms: number): Contestant {
  return {
    async run() {
      const from = clock();
      await delay(ms);
      return { from, to: clock() };
    },
    release: () => undefined,
  };
}
