// The page itself: what it shows, and looking for more.

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
