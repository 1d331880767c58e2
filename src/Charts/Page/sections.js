// Which charts a page has, from the names of what runs told.

// Parts of names that say on which examples a figure was measured: such figures share a chart with those of training.
const examples = new Set(['train', 'training', 'validation', 'valid', 'val', 'test', 'testing', 'eval', 'evaluation', 'dev']);

// `validation/loss` is of no group of its own; `throughput/steps a second` is of `throughput`.
function groupOf(name) {
  const slash = name.indexOf('/');
  const before = slash < 0 ? '' : name.slice(0, slash);
  return examples.has(before.toLowerCase()) ? '' : before;
}

// Figures whose names differ in their examples alone, or that are losses or accuracies of something, share a chart.
function chartOf(name) {
  const group = groupOf(name);
  const own = group === '' ? name : name.slice(group.length + 1);
  const words = own.split(/[\s/_.\-]+/).filter((word) => word !== '' && !examples.has(word.toLowerCase()));
  const last = (words[words.length - 1] ?? own).toLowerCase();
  if (group === '' && (last === 'loss' || last === 'accuracy')) return last;
  return group === '' ? words.join(' ') || own : own;
}

const titles = new Map([['', 'Losses and metrics'], ['rate', 'Rates'], ['throughput', 'Throughput'], ['memory', 'Memory']]);
const lastGroups = ['throughput', 'memory'];

function titleOf(group) {
  return titles.get(group) ?? group.charAt(0).toUpperCase() + group.slice(1);
}

// What belongs to the head of the page and to no chart.
const inHead = new Set(['epoch']);

// Losses come first, then accuracies; what else there is, in the order in which it came.
const firstCharts = ['loss', 'accuracy'];

function placeOfChart(title) {
  const place = firstCharts.indexOf(title);
  return place < 0 ? firstCharts.length : place;
}

// Every series of a kind with the number of its run, in the order of the runs.
function seriesOf(runs, kind) {
  return runs.flatMap((run, number) => run[kind].map((series) => ({ ...series, run: number, began: run.began })));
}

// [{ group, title, charts: [{ id, title, series }] }]
function figureSections(runs) {
  const groups = new Map();
  for (const series of seriesOf(runs, 'scalars')) {
    if (inHead.has(series.name)) continue;
    const group = groupOf(series.name);
    const chart = chartOf(series.name);
    if (!groups.has(group)) groups.set(group, new Map());
    const charts = groups.get(group);
    if (!charts.has(chart)) charts.set(chart, []);
    charts.get(chart).push(series);
  }
  const place = (group) => (group === '' ? -1 : lastGroups.indexOf(group) + 1);
  return [...groups.keys()]
    .sort((a, b) => place(a) - place(b))
    .map((group) => ({
      group,
      title: titleOf(group),
      charts: [...groups.get(group)].sort((a, b) => placeOfChart(a[0]) - placeOfChart(b[0])).map(([title, series]) => ({ id: `${group}/${title}`, title, series })),
    }));
}

// [{ id, title, series }], by name
function byName(runs, kind) {
  const names = new Map();
  for (const series of seriesOf(runs, kind)) {
    if (!names.has(series.name)) names.set(series.name, []);
    names.get(series.name).push(series);
  }
  return [...names].map(([name, series]) => ({ id: `${kind}:${name}`, title: name, series }));
}
