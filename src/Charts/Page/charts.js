// Charts as plotly.js takes them.

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const colourOf = (number) => colour(`--c${number % 8}`);
const dashes = ['solid', 'dot', 'dash', 'dashdot'];
const isNarrow = () => window.innerWidth < 560;

function translucent(hex, alpha) {
  const part = (at) => parseInt(hex.slice(at, at + 2), 16);
  return `rgba(${part(1)}, ${part(3)}, ${part(5)}, ${alpha})`;
}

// NaN and infinities come as words.
const finite = (value) => (typeof value === 'number' ? value : null);

// A mean that forgets what is long past, without a pull towards 0 at its start (Kingma & Ba, 2015, section 3).
function smoothed(values, weight) {
  let sum = 0;
  let share = 0;
  return values.map((value) => {
    if (value === null) return null;
    sum = weight * sum + (1 - weight) * value;
    share = weight * share + (1 - weight);
    return sum / share;
  });
}

const spans = [[1000, 's'], [60000, 'min'], [3600000, 'h'], [86400000, 'd']];

// The unit for times of some series.
function spanOf(series) {
  const longest = Math.max(...series.map((one) => one.times[one.times.length - 1] - one.began));
  return spans.filter(([length]) => longest > 3 * length).pop() ?? spans[0];
}

function placesOf(one, over, span) {
  return over === 'steps' ? one.steps : one.times.map((time) => (time - one.began) / span[0]);
}

function layoutOf(state, span, more) {
  const grid = colour('--grid');
  const axis = { gridcolor: grid, linecolor: colour('--line'), zeroline: false, automargin: true, fixedrange: isNarrow() };
  return {
    margin: { l: 44, r: 10, t: 6, b: 34 },
    paper_bgcolor: 'rgba(0,0,0,0)',
    plot_bgcolor: 'rgba(0,0,0,0)',
    font: { family: 'system-ui, sans-serif', size: 12, color: colour('--muted') },
    hovermode: 'x unified',
    hoverlabel: { bgcolor: colour('--card'), bordercolor: colour('--line'), font: { color: colour('--text') } },
    dragmode: isNarrow() ? false : 'zoom',
    showlegend: false,
    uirevision: `${state.scale} ${state.over}`,
    xaxis: { ...axis, title: { text: state.over === 'steps' ? 'steps' : span[1], standoff: 4 }, ...more?.x },
    yaxis: { ...axis, nticks: 6, exponentformat: 'power', minexponent: 6, ...more?.y },
  };
}

// How each series of a chart looks: among runs the colour is the run's, and names differ in their dashes.
function looksOf(chart, several) {
  const names = [...new Set(chart.series.map((one) => one.name))];
  return chart.series.map((one) => {
    const name = names.indexOf(one.name);
    return { colour: colourOf(several ? one.run : name), dash: several ? dashes[name % 4] : 'solid' };
  });
}

function curves(chart, looks, state) {
  const span = spanOf(chart.series);
  const data = [];
  chart.series.forEach((one, i) => {
    if (state.hidden.has(one.run)) return;
    const x = placesOf(one, state.over, span);
    const y = one.values.map(finite);
    const common = { type: 'scatter', x, name: labelOf(one, true), mode: x.length < 3 ? 'lines+markers' : 'lines' };
    const line = { color: looks[i].colour, dash: looks[i].dash, width: 1.8 };
    if (state.smooth > 0) {
      data.push({ ...common, y, line: { ...line, width: 1 }, opacity: 0.28, hoverinfo: 'skip' });
      data.push({ ...common, y: smoothed(y, state.smooth), line });
    } else data.push({ ...common, y, line });
  });
  const type = state.scale === 'log' ? 'log' : 'linear';
  return { data, layout: layoutOf(state, span, { y: { type } }) };
}

// Bands between quantiles: the least and the greatest, 5 and 95 %, 25 and 75 %, and the median.
const bands = [[0, 6, 0.1], [1, 5, 0.16], [2, 4, 0.26]];

function spread(chart, state) {
  const span = spanOf(chart.series);
  const shown = chart.series.filter((one) => !state.hidden.has(one.run));
  const several = state.names.length > 1;
  const data = [];
  for (const one of shown) {
    const x = placesOf(one, state.over, span);
    const own = colourOf(one.run);
    const mode = x.length < 2 ? 'markers' : 'lines';
    const levels = one.quantiles.map((values) => values.map(finite));
    for (const [low, high, alpha] of several ? bands.slice(2) : bands) {
      const edge = { type: 'scatter', x, mode, line: { width: 0, color: own }, hoverinfo: 'skip' };
      data.push({ ...edge, y: levels[low] });
      data.push({ ...edge, y: levels[high], fill: 'tonexty', fillcolor: translucent(own, alpha) });
    }
    const text = x.map((_, i) => `${short(levels[3][i])} (${short(levels[0][i])} to ${short(levels[6][i])})`);
    const name = several ? state.names[one.run] : 'median';
    data.push({ type: 'scatter', x, y: levels[3], mode, name, text, hovertemplate: '%{text}', line: { color: own, width: 1.8 } });
  }
  const layout = layoutOf(state, span, {});
  // Beside the bands of one run, how its last numbers are spread.
  const last = shown.length === 1 && !several && shown[0].edges.length > 2 ? shown[0] : null;
  if (last) {
    const { edges, counts } = last;
    data.push({
      type: 'bar', orientation: 'h', xaxis: 'x2', x: counts, y: counts.map((_, i) => (edges[i] + edges[i + 1]) / 2),
      width: counts.map((_, i) => edges[i + 1] - edges[i]), marker: { color: colourOf(last.run), opacity: 0.75, line: { width: 0 } },
      hoverinfo: 'skip',
    });
    layout.bargap = 0;
    layout.xaxis.domain = [0, 0.8];
    layout.xaxis2 = { domain: [0.82, 1], anchor: 'y', showticklabels: false, showgrid: false, zeroline: false, fixedrange: true };
  }
  return { data, layout };
}

// ---- Numbers and times as people read them ----

function short(value) {
  if (value === null || value === undefined) return '–';
  if (typeof value !== 'number') return value;
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) return value.toExponential(2).replace('e+', 'e');
  return size >= 1000 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(4)));
}

function duration(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
