// The page itself: its head, its cards, and looking for more.

const state = { scale: 'linear', over: 'steps', smooth: 0, hidden: new Set(), names: [] };
let page = { refresh: 0, runs: [] };

function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

// ---- Head ----

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
  const figures = run.scalars.filter((series) => groupOf(series.name) === '' && !inHead.has(series.name));
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
      element('td', {}, badge(run)),
      ...names.map((name) => element('td', {}, facts.get(name) ?? '–')));
  });
  const heads = ['Run', '', ...names].map((name) => element('th', {}, name));
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

// ---- Cards ----

// Cards by what they show; one that is out of sight is drawn when it comes into it.
const cards = new Map();
const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    const card = entry.target.card;
    card.isSeen = entry.isIntersecting;
    if (card.isSeen && card.isStale) drawCard(card);
  }
}, { rootMargin: '300px' });

function drawCard(card) {
  card.isStale = false;
  card.draw();
}

function cardOf(section, id, title, isWide) {
  if (!cards.has(id)) {
    const body = element('div', { className: isWide ? 'card wide' : 'card' }, element('h3', {}, title));
    const card = { body, isSeen: false, isStale: true, draw: () => {} };
    body.card = card;
    cards.set(id, card);
    section.append(body);
    seen.observe(body);
  }
  return cards.get(id);
}

const sections = new Map();

function sectionOf(title) {
  if (!sections.has(title)) {
    const grid = element('div', { className: 'cards' });
    document.getElementById('sections').append(element('section', {}, element('h2', {}, title), grid));
    sections.set(title, grid);
  }
  return sections.get(title);
}

function refreshCard(card, draw) {
  card.draw = draw;
  card.isStale = true;
  if (card.isSeen) drawCard(card);
}

// A card with a legend above a chart.
function chartCard(section, chart, legend, figure) {
  const card = cardOf(section, chart.id, chart.title);
  if (!card.chart) {
    card.legend = element('div', { className: 'legend' });
    card.chart = element('div', { className: 'chart' });
    card.body.append(card.legend, card.chart);
  }
  refreshCard(card, () => {
    card.legend.replaceChildren(...legend());
    const { data, layout } = figure();
    Plotly.react(card.chart, data, layout, { displayModeBar: false, responsive: true });
  });
}

function sample(look) {
  const dash = { solid: '', dot: '2 3', dash: '6 3', dashdot: '6 3 2 3' }[look.dash];
  const span = element('i', {});
  span.innerHTML = `<svg width="18" height="4"><line x1="0" y1="2" x2="18" y2="2" stroke="${look.colour}" stroke-width="3" stroke-dasharray="${dash}"/></svg>`;
  return span.firstChild;
}

function curveLegend(chart, looks) {
  const several = state.names.length > 1;
  return chart.series.flatMap((one, i) => {
    if (state.hidden.has(one.run)) return [];
    const label = several ? `${state.names[one.run]}${one.name === chart.title ? '' : ` ${one.name}`}` : one.name;
    const entry = [element('span', {}, sample(looks[i]), `${label} `, element('b', {}, short(lastOf(one))))];
    const gone = one.values.findIndex((value) => finite(value) === null);
    if (gone >= 0) entry.push(element('span', { className: 'gone' }, `${one.values[gone]} at step ${one.steps[gone].toLocaleString('en')}`));
    return entry;
  });
}

function spreadLegend(chart) {
  if (state.names.length > 1)
    return chart.series.filter((one) => !state.hidden.has(one.run)).map((one) =>
      element('span', {}, sample({ colour: colourOf(one.run), dash: 'solid' }), state.names[one.run]));
  const missing = chart.series.reduce((sum, one) => sum + one.nonFinite, 0);
  return missing > 0 ? [element('span', { className: 'gone' }, `${missing.toLocaleString('en')} numbers NaN or infinite`)] : [];
}

function pictureCard(section, chart) {
  const card = cardOf(section, chart.id, chart.title);
  if (!card.slider) {
    card.slider = element('input', { type: 'range', min: 0, max: 0, value: 0, ariaLabel: 'step' });
    card.step = element('span', {});
    card.views = element('div', { className: 'pictures' });
    card.body.append(card.views, element('div', { className: 'frames' }, card.slider, card.step));
    card.slider.oninput = () => drawCard(card);
  }
  refreshCard(card, () => {
    const steps = [...new Set(chart.series.flatMap((one) => one.steps))].sort((a, b) => a - b);
    // At the newest one it stays there.
    const atEnd = Number(card.slider.value) === Number(card.slider.max);
    card.slider.max = steps.length - 1;
    if (atEnd) card.slider.value = steps.length - 1;
    const step = steps[Number(card.slider.value)];
    card.step.textContent = `step ${step.toLocaleString('en')}`;
    const views = chart.series.filter((one) => !state.hidden.has(one.run)).map((one) => {
      const at = Math.max(0, one.steps.findLastIndex((own) => own <= step));
      const frame = one.frames[at];
      const image = element('img', { src: `data:image/png;base64,${frame.png}`, alt: `${chart.title}, step ${one.steps[at]}` });
      // Each pixel to be seen, where there are few.
      if (frame.width < 400) image.className = 'small';
      const words = [];
      if (state.names.length > 1) words.push(state.names[one.run], `step ${one.steps[at].toLocaleString('en')}`);
      if (frame.outside > 0) words.push(`${frame.outside.toLocaleString('en')} numbers outside 0 to 1`);
      return element('figure', {}, image, element('figcaption', {}, words.join(' · ')));
    });
    card.views.replaceChildren(...views);
  });
}

function textCard(section, chart) {
  const card = cardOf(section, chart.id, chart.title, true);
  refreshCard(card, () => {
    card.pre ??= card.body.appendChild(element('div', {}));
    const shown = chart.series.filter((one) => !state.hidden.has(one.run));
    card.pre.replaceChildren(...shown.flatMap((one) => {
      const caption = state.names.length > 1 ? [element('figcaption', {}, state.names[one.run])] : [];
      return [...caption, element('pre', {}, one.text)];
    }));
  });
}

function redraw() {
  const runs = page.runs;
  state.names = runs.map((run) => run.name);
  const several = runs.length > 1;
  drawHead();
  const figures = figureSections(runs);
  const draw = (section) => {
    for (const chart of section.charts) {
      const looks = () => looksOf(chart, several);
      chartCard(sectionOf(section.title), chart, () => curveLegend(chart, looks()), () => curves(chart, looks(), state));
    }
  };
  figures.filter((section) => !lastGroups.includes(section.group)).forEach(draw);
  for (const chart of byName(runs, 'pictures')) pictureCard(sectionOf('Pictures'), chart);
  for (const chart of byName(runs, 'histograms')) chartCard(sectionOf('Parameters and other tensors'), chart, () => spreadLegend(chart), () => spread(chart, state));
  figures.filter((section) => lastGroups.includes(section.group)).forEach(draw);
  for (const chart of byName(runs, 'texts')) if (chart.title !== 'not written') textCard(sectionOf('Texts'), chart);
}

const controls = document.getElementById('controls');
controls.oninput = () => {
  state.scale = controls.elements.scale.value;
  state.over = controls.elements.over.value;
  state.smooth = Number(controls.elements.smooth.value);
  controls.querySelector('output').textContent = state.smooth;
  redraw();
};
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);

// ---- Data ----

function cotangentRuns(data) {
  page = data;
  redraw();
}

// Pages from disk may read a script, and nothing else: the data are one. When it is gone the page itself has all.
function cotangentWatch(name, refresh) {
  let found = false;
  let misses = 0;
  const look = () => {
    const script = element('script', { src: `${name}?${Date.now()}` });
    script.onload = () => {
      found = true;
      misses = 0;
      script.remove();
      setTimeout(look, page.refresh || refresh);
    };
    script.onerror = () => {
      script.remove();
      misses += 1;
      if (found && misses > 1) return location.reload();
      if (!found) document.getElementById('head').replaceChildren(element('p', { className: 'note' }, `The data of this run, ${decodeURIComponent(name)}, are not beside the page.`));
      setTimeout(look, refresh);
    };
    document.head.append(script);
  };
  look();
}
