// Cards: a chart, a picture, a text each.

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

// Charts follow the width of their cards.
const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) if (target.data) Plotly.Plots.resize(target);
});

// A card with a legend above a chart.
function chartCard(section, chart, legend, figure) {
  const card = cardOf(section, chart.id, chart.title);
  if (!card.chart) {
    card.legend = element('div', { className: 'legend' });
    card.chart = element('div', { className: 'chart' });
    card.body.append(card.legend, card.chart);
    sizes.observe(card.chart);
  }
  refreshCard(card, () => {
    card.legend.replaceChildren(...legend());
    const { data, layout } = figure();
    Plotly.react(card.chart, data, layout, { displayModeBar: false });
  });
}

function sample(look) {
  const dash = { solid: '', dot: '2 3', dash: '6 3', dashdot: '6 3 2 3' }[look.dash];
  const span = element('i', {});
  span.innerHTML = `<svg width="18" height="4"><line x1="0" y1="2" x2="18" y2="2" stroke="${look.colour}" stroke-width="3" stroke-dasharray="${dash}"/></svg>`;
  return span.firstChild;
}

// Among runs the run's name, and that of the figure where a chart has several.
function labelOf(one, isOneOfSeveral) {
  const group = groupOf(one.name);
  const own = group === '' ? one.name : one.name.slice(group.length + 1);
  if (state.names.length < 2) return own;
  return isOneOfSeveral ? `${state.names[one.run]} ${own}` : state.names[one.run];
}

function curveLegend(chart, looks) {
  const names = new Set(chart.series.map((one) => one.name));
  return chart.series.flatMap((one, i) => {
    if (state.hidden.has(one.run)) return [];
    const label = labelOf(one, names.size > 1);
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
