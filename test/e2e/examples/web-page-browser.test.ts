import type { Locator } from 'playwright-core';
import { describeInBrowser, useBrowser, type WatchedPage } from '../../support/browser';
import { useDatabase, usePrivateServer } from '../../support/database';
import { createFlow, startApi, type Api, type Flow } from './api';
import { addPlatformRows, ids } from './platform';
import { startScheduler, waitForPrograms } from './programs';
import { addGroupOfEight, addHistory, groupOfEight } from './runs-of-eight';
import { serveWebPage, type WebPage } from './web-page';

/** More flows than one page of the API's lists holds. */
const idleFlows = 66;
const vms = 8;

// Guards the API behind a web page that sends the same requests and computes the same values as the platform's page
describeInBrowser("the platform's web page in a browser", () => {
  const server = usePrivateServer();
  const database = useDatabase({ platform: 'mixed', age: 'newer', server });
  const browser = useBrowser();
  let api: Api;
  let site: WebPage;
  let watched: WatchedPage;

  /** A separate flow for each test, because the page shows the rows of earlier tests. */
  let flow: Flow;
  let withHistory: Flow;

  beforeAll(async () => {
    await addPlatformRows(database);
    await addGroupOfEight(database.session);
    api = await startApi(database.url);
    site = await serveWebPage(api.origin);
    const numbers = [...Array(idleFlows).keys()];
    await Promise.all(numbers.map((it) => createFlow(api, { name: `Idle ${it}`, enabled: it % 2 === 0 })));
    const nowhere = { repository_id: undefined, flow_type: 'replication', destination_type: 'ossea' };
    await createFlow(api, { name: 'Replication', ...nowhere, schedule_id: ids.schedule });
    withHistory = await createFlow(api, { name: 'With history', target_id: groupOfEight });
    await addHistory(database.session, withHistory.id);
  });
  afterAll(() => site?.stop());
  beforeEach(async () => {
    flow = await createFlow(api, {
      target_id: groupOfEight,
      schedule_id: ids.schedule,
      policy_id: ids.policy,
    });
    watched = await browser.open(site.url);
    await row(flow.name).waitFor();
  });
  const row = (name: string): Locator =>
    watched.page.getByRole('row').filter({ has: watched.page.getByRole('rowheader', { name, exact: true }) });
  const press = (name: string, action: string): Promise<void> =>
    row(name).getByRole('button', { name: action }).click();
  /** Waits until the element shows the text. */
  const says = (where: string, text: string | RegExp): Promise<void> =>
    watched.page.locator(where).filter({ hasText: text }).waitFor({ state: 'attached' });

  it('shows all flows, and refreshes them without moving anything', async () => {
    const { body } = await api.request<{ flows: Flow[] }>('GET', '');
    expect(body.flows.length).toBeGreaterThan(idleFlows);
    await says('#total', `${body.flows.length} of ${body.flows.length} flows.`);
    await says('#summary', /^\d+ enabled, \d+ disabled; today \d+ runs, \d+ well, \d+ not$/);
    const names = await watched.page.getByRole('rowheader').allTextContents();
    expect(names).toEqual(body.flows.map(({ name }) => name).sort((one, other) => one.localeCompare(other)));
    expect(await row('Replication').getByRole('cell').allTextContents()).toEqual(
      expect.arrayContaining(['Web servers', '–', 'Nightly', 'never']),
    );
    await watched.page.evaluate('list.scrollTo(0, 800)');
    const [answers, { shifts }] = [watched.answers(), await watched.seen()];
    // The runs of each flow are read twice more, and the list meanwhile
    await waitForPrograms(() => watched.answers() > answers + 2 * names.length + 5);
    expect((await watched.seen()).shifts).toEqual(shifts);
    expect(await watched.page.evaluate('list.scrollTop')).toBe(800);
  });

  it('saves an edit with the fields that the page adds, and a whole flow with all fields that it has read', async () => {
    const read = async () => (await api.request<object>('GET', `/${flow.id}`)).body;
    const before = await read();
    const edit = async (name: string, button: string): Promise<string> => {
      await press(flow.name, 'Edit');
      await watched.page.getByLabel('Name', { exact: true }).fill(name);
      const sent = watched.page.waitForRequest((request) => request.method() === 'PUT');
      await watched.page.getByRole('button', { name: button, exact: true }).click();
      return (await sent).postData()!;
    };
    const renamed = `Renamed ${flow.name}`;
    expect(await edit(renamed, 'Save')).toContain('"nextRun":"undefinedTundefined"');
    await says('#message', `${renamed} is saved`);
    await row(renamed).waitFor();
    const updated_at = expect.any(String) as string;
    expect(await read()).toEqual({ ...before, name: renamed, updated_at });
    flow = { ...flow, name: renamed };
    expect(await edit(`${renamed} twice`, 'Save whole')).toContain('"total_executions":0');
    await row(`${renamed} twice`).waitFor();
    expect(await read()).toEqual({ ...before, name: `${renamed} twice`, updated_at });
  });

  it('keeps what a person typed, and shows beside it what is wrong', async () => {
    await press(flow.name, 'Edit');
    const name = watched.page.getByLabel('Name', { exact: true });
    await name.fill('replication');
    const answers = watched.answers();
    await waitForPrograms(() => watched.answers() > answers + idleFlows);
    expect(await name.inputValue()).toBe('replication');
    const save = () => watched.page.getByRole('button', { name: 'Save', exact: true }).click();
    await save();
    await says('#edit-fault', /^there is a flow with the name replication already|name/);
    await name.fill('');
    await save();
    await says('#edit-fault', 'name should not be empty');
    await name.fill(`${flow.name} again`);
    await save();
    await row(`${flow.name} again`).waitFor();
    const path = `PUT /api/v1/protection-flows/${flow.id}`;
    expect(await watched.takeProblems()).toEqual([`409 ${path}`, `400 ${path}`]);
  });

  it('follows a run from the button to its end; the progress bar matches the jobs, and never goes back', async () => {
    const scheduler = await startScheduler(database.url, { VMS_AT_ONCE: '1', BACKUP_MS: '400' });
    await press(flow.name, 'Run now');
    await says('#message', `${flow.name}: The run waits for a scheduler`);
    const said = await watched.page.locator('#message').textContent();
    const run = /\((.+)\)$/.exec(said!)![1]!;
    const completed = async () => {
      const { body } = await api.request<{ jobs_completed: number }>('GET', `/executions/${run}`);
      return body.jobs_completed;
    };
    const shown = async () => (await watched.seen()).progress[run] ?? [];
    // The stopped scheduler keeps the run unchanged until the page has seen it
    for (const behind of [0, 2]) {
      await waitForPrograms(async () => (await completed()) > behind);
      scheduler.kill('SIGSTOP');
      const percent = Math.round(((await completed()) / vms) * 100);
      await waitForPrograms(async () => (await shown()).at(-1) === percent);
      // A queued run behind it does not remove the bar
      const { body: second } = await api.request<Flow>('POST', `/${flow.id}/execute`);
      const look = await watched.page.waitForRequest(`**/${flow.id}/executions`);
      await (await look.response())?.finished();
      await api.request('POST', `/executions/${second.id}/cancel`);
      scheduler.kill('SIGCONT');
    }
    await row(flow.name).getByText('success').waitFor();
    await waitForPrograms(async () => (await shown()).at(-1) === 'gone');
    const steps = [...Array(vms).keys()].map((jobs) => Math.round((jobs / vms) * 100));
    const bar = await shown();
    expect(bar).toEqual([...[...steps, 99].filter((step) => bar.includes(step)), 'gone']);
    scheduler.kill('SIGTERM');
    await scheduler.ended;
  });

  it('pages through a history by offset, and shows every run once, with its times and its error', async () => {
    await press('With history', 'Details');
    await says('#runs-total', 'Runs 1 to 10 of 25');
    const lines = () =>
      watched.page.getByRole('list', { name: 'Runs' }).getByRole('listitem').allTextContents();
    const pages = [await lines()];
    for (const range of ['11 to 20', '21 to 25']) {
      await watched.page.getByRole('button', { name: 'Older' }).click();
      await says('#runs-total', `Runs ${range} of 25`);
      pages.push(await lines());
    }
    expect(pages.map((page) => page.length)).toEqual([10, 10, 5]);
    const [first, second, ...others] = pages.flat();
    expect(first).toMatch(/^running, [\d/]+, [\d:]+, 0 of 0 jobs$/);
    expect(second).toMatch(/^cancelled, [\d/]+, .*: not today$/);
    expect(new Set(others).size).toBe(23);
    for (const line of others)
      expect(line).toMatch(
        /^(success|warning|error), .* to .*, 30 s, 8 of 8 jobs(: the disk of \d+ is full)?$/,
      );
    expect(await watched.page.getByRole('button', { name: 'Older' }).isDisabled()).toBe(true);
  });

  it('shows the machines of a flow, with their running jobs', async () => {
    await press('With history', 'Details');
    const machines = watched.page.getByRole('list', { name: 'Machines' }).getByRole('listitem');
    await machines.first().waitFor();
    expect(await machines.allTextContents()).toEqual([
      expect.stringMatching(/^server-1: 1 backups, 0 failed, 5000 bytes, last [\d/]+, [\d:]+$/),
      expect.stringMatching(/^server-2: \d backups, 0 failed, 0 bytes, last never; transferring 40 %$/),
      ...[3, 4, 5, 6, 7, 8].map((vm) => `server-${vm}: 0 backups, 0 failed, 0 bytes, last never`),
    ]);
  });

  it('changes several flows at once, and says which one is missing', async () => {
    const [other, doomed] = [await createFlow(api), await createFlow(api)];
    for (const { name } of [flow, other, doomed]) await row(name).getByRole('checkbox').check();
    // Deleted after the page last read the list
    await watched.page.route('**/bulk-execute', async (route) => {
      await api.request('DELETE', `/${doomed.id}`);
      await route.continue();
    });
    const pressAll = (action: string) =>
      watched.page.getByRole('button', { name: `${action} chosen` }).click();
    await pressAll('Run');
    await says('#message', `2 of 3 run; there is no flow ${doomed.id}`);
    for (const { name } of [flow, other]) await row(name).getByText('pending', { exact: true }).waitFor();
    await row(doomed.name).waitFor({ state: 'detached' });
    await pressAll('Disable');
    await row(other.name).getByText('pending, off').waitFor();
    await pressAll('Enable');
    await row(other.name).getByText('pending', { exact: true }).waitFor();
    await says('#message', '2 done, 0 not');
    // The page may have begun to read its runs before
    watched.allow(/^404 GET /);
    expect(await watched.takeProblems()).toEqual([expect.stringMatching(`^row gone: ${doomed.name} `)]);
  });

  it('says whether a flow can run, and deletes a flow; a button for a deleted flow says that it is missing', async () => {
    await press(flow.name, 'Test');
    await says('#message', `${flow.name} can run`);
    await watched.page.route('**/execute', async (route) => {
      await api.request('DELETE', `/${flow.id}`);
      await route.continue();
    });
    await press(flow.name, 'Run now');
    await says('#fault', `there is no flow ${flow.id}`);
    await row(flow.name).waitFor({ state: 'detached' });
    const other = await createFlow(api);
    await press(other.name, 'Delete');
    await says('#message', `${other.name} is deleted`);
    await row(other.name).waitFor({ state: 'detached' });
    watched.allow(/^404 GET /);
    expect(await watched.takeProblems()).toEqual([
      `404 POST /api/v1/protection-flows/${flow.id}/execute`,
      ...[flow, other].map(({ name }) => expect.stringMatching(`^row gone: ${name} `) as unknown),
    ]);
  });

  it('says that the database is unreachable, keeps its content, and recovers by itself', async () => {
    watched.allow(/^503 /);
    await server.kill();
    await says('#stale', /^Not up to date: \S+ \S+/);
    await press(flow.name, 'Run now');
    await says('#fault', /^\S+ \S+/);
    expect(await row(flow.name).count()).toBe(1);
    await server.restart();
    await says('#stale', /^$/);
    await press(flow.name, 'Run now');
    await says('#message', 'The run waits for a scheduler');
  });

  it('shows its documentation without loading anything from another host', async () => {
    const { page } = await browser.open(`${api.origin}/docs`);
    await page.getByText('/api/v1/protection-flows/{id}/execute', { exact: true }).waitFor();
  });

  it('would notice a start time that is null, and a missing one', async () => {
    const notices = async (started_at: null | undefined, problem: RegExp) => {
      const run = { id: 'a', status: 'running', started_at, jobs_created: 0, jobs_completed: 0 };
      const json = { executions: [run], total: 1 };
      await watched.page.route('**/executions?*', (route) => route.fulfill({ json }));
      await press(flow.name, 'Details');
      await waitForPrograms(async () => (await watched.takeProblems()).some((one) => problem.test(one)));
      watched.allow(problem);
    };
    await notices(null, /^shown: running, 01\/01\/1970/);
    await notices(undefined, /^script: Invalid time value$/);
  });
});
