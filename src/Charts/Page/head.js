// The head of the page: how runs stand.

function statusOf(run) {
  if (run.end) {
    const { how, why } = run.end;
    if (how === 'completed') return ['finished', 'finished', '--good'];
    return [how, `${how}: ${why}`, how === 'failed' ? '--bad' : '--warn'];
  }
  if (page.refresh === 0) return ['ended', 'ended', '--muted'];
  if (!run.last) return ['running', 'begins', '--accent'];
  // A run that was cut off can't say so.
  const silence = Date.now() - run.last;
  const usual = (run.last - run.began) / Math.max(1, run.step);
  if (silence > Math.max(60000, 30 * usual)) return ['silent', `no news for ${duration(silence)}`, '--warn'];
  return ['running', 'running', '--accent'];
}

function lastOf(series) {
  return series.values[series.values.length - 1];
}

function factsOf(run) {
  const facts = [];
  const plan = run.plan;
  const of = (all) => (all ? ` of ${all.toLocaleString('en')}` : '');
  if (run.step !== undefined) facts.push(['Steps', run.step.toLocaleString('en'), of(plan?.steps)]);
  const epoch = run.scalars.find((series) => series.name === 'epoch');
  if (epoch) facts.push(['Epochs', short(lastOf(epoch)), of(plan?.epochs)]);
  if (run.last) facts.push(['Elapsed', duration(run.last - run.began), '']);
  if (!run.end && page.refresh > 0 && plan && run.step > 0) {
    const first = run.scalars[0];
    // The first steps take longer, as functions are compiled.
    const [step, time] = first && first.steps.length > 1 ? [first.steps[0], first.times[0]] : [0, run.began];
    const each = (run.last - time) / Math.max(1, run.step - step);
    if (run.step > step) facts.push(['About to go', duration(each * Math.max(0, plan.steps - run.step)), '']);
  }
  const figures = run.scalars
    .filter((series) => groupOf(series.name) === '' && !inHead.has(series.name))
    .sort((a, b) => placeOfChart(chartOf(a.name)) - placeOfChart(chartOf(b.name)));
  for (const series of figures.slice(0, 3)) facts.push([series.name, short(lastOf(series)), '']);
  return facts;
}

function badge(run) {
  const [kind, text, tone] = statusOf(run);
  return element('span', { className: `status ${kind}`, style: `--tone: var(${tone})` }, text);
}

function headOfOne(run) {
  const head = [element('div', { className: 'title' }, element('h1', {}, run.name), badge(run))];
  if (run.plan && run.step !== undefined) {
    const share = Math.min(100, (100 * run.step) / run.plan.steps);
    head.push(element('div', { className: 'progress', role: 'progressbar', ariaValueNow: Math.round(share) }, element('i', { style: `width: ${share}%` })));
  }
  const facts = factsOf(run).map(([name, value, more]) =>
    element('div', {}, element('dt', {}, name), element('dd', {}, value, element('small', {}, more))));
  head.push(element('dl', { className: 'facts' }, ...facts));
  return head;
}

// A table whose boxes switch runs.
function headOfSeveral(runs) {
  const names = [...new Set(runs.flatMap((run) => factsOf(run).map(([name]) => name)))];
  const rows = runs.map((run, i) => {
    const box = element('input', { type: 'checkbox', checked: !state.hidden.has(i) });
    box.onchange = () => {
      if (box.checked) state.hidden.delete(i);
      else state.hidden.add(i);
      redraw();
    };
    const facts = new Map(factsOf(run).map(([name, value, more]) => [name, value + more]));
    return element('tr', { style: `--run: var(--c${i % 8})` },
      element('td', {}, element('label', {}, box, element('i', { className: 'swatch' }), run.name)),
      ...names.map((name) => element('td', {}, facts.get(name) ?? '–')),
      element('td', {}, badge(run)));
  });
  const heads = ['Run', ...names, ''].map((name) => element('th', {}, name));
  return [
    element('div', { className: 'title' }, element('h1', {}, `${runs.length} runs`)),
    element('div', { className: 'scroll' }, element('table', { className: 'runs' }, element('tr', {}, ...heads), ...rows)),
  ];
}

function drawHead() {
  const runs = page.runs;
  const head = runs.length === 1 ? headOfOne(runs[0]) : headOfSeveral(runs);
  for (const run of runs)
    for (const text of run.texts.filter((one) => one.name === 'not written'))
      head.push(element('p', { className: 'note' }, `Not all of this run could be written.\n${text.text}`));
  document.getElementById('head').replaceChildren(...head);
  if (runs.length === 1 && page.refresh > 0) document.title = `${statusOf(runs[0])[1]} · ${runs[0].name}`;
  else document.title = runs.map((run) => run.name).join(', ');
}
