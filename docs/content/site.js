// What the pages do: menu, light and dark, mathematics, charts, copying code, hints on code, search.
// Everything comes from this site; no other is asked for anything.

const root = document.documentElement.dataset.root;
const byId = id => document.getElementById(id);

function load(script) {
  return new Promise((done, failed) => {
    const tag = document.createElement('script');
    tag.src = root + script;
    tag.onload = done;
    tag.onerror = failed;
    document.head.append(tag);
  });
}

// ---- Menu ----

byId('menu-button').addEventListener('click', () => {
  const open = document.body.classList.toggle('menu-open');
  byId('menu-button').setAttribute('aria-expanded', open);
});

for (const link of document.querySelectorAll('#menu a'))
  if (new URL(link.href).pathname === location.pathname) link.parentElement.classList.add('active');

document.querySelector('#menu .nav-item.active')?.scrollIntoView({ block: 'nearest' });

// ---- Light and dark ----

const systemDark = matchMedia('(prefers-color-scheme: dark)');
const isDark = () => (document.documentElement.dataset.theme ?? (systemDark.matches ? 'dark' : 'light')) === 'dark';

byId('theme-button').addEventListener('click', () => {
  const theme = isDark() ? 'light' : 'dark';
  document.documentElement.dataset.theme = theme;
  try { localStorage.setItem('theme', theme); } catch { }
  drawCharts();
});

systemDark.addEventListener('change', () => drawCharts());

// ---- Mathematics ----

// The site is made with \( \) and \[ \] around formulas.
for (const span of document.querySelectorAll('span.math')) {
  const text = span.textContent.trim();
  katex.render(text.slice(2, -2), span, { displayMode: text.startsWith('\\['), throwOnError: false });
}

// ---- Charts ----

const charts = [...document.querySelectorAll('.chart')];
const probe = document.body.appendChild(document.createElement('span'));

/// A colour of the style sheet, as it is in the theme shown.
function colour(name) {
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}

const isImage = trace => trace.type === 'heatmap';
const isNarrow = () => innerWidth < 600;

/// The layout that the page's author gave, in the colours of the theme and the width of the page.
function themed({ layout, data }) {
  const narrow = isNarrow();
  const line = colour('--line');
  const axis = { gridcolor: line, zerolinecolor: line, linecolor: line, automargin: true };
  const result = structuredClone(layout);

  for (const name of ['xaxis', 'yaxis', ...Object.keys(layout).filter(key => /^[xy]axis\d+$/.test(key))])
    result[name] = { ...axis, ...result[name] };

  // The pixels of images are squares; where there is little room, they are not counted along the edges.
  const hasImages = data.some(isImage);
  for (const { xaxis = 'x', yaxis = 'y' } of data.filter(isImage)) {
    const shared = { constrain: 'domain', ...(narrow && { showticklabels: false, ticks: '' }) };
    Object.assign(result[xaxis.replace('x', 'xaxis')], shared);
    Object.assign(result[yaxis.replace('y', 'yaxis')], shared, { scaleanchor: xaxis, constraintoward: narrow ? 'top' : 'middle' });
  }

  return {
    ...result,
    autosize: true,
    width: undefined,
    paper_bgcolor: 'transparent',
    plot_bgcolor: 'transparent',
    font: { family: getComputedStyle(document.body).fontFamily, size: narrow ? 11 : 13, color: colour('--text') },
    colorway: ['--c1', '--c2', '--c3', '--c4', '--c5'].map(colour),
    margin: { l: narrow && hasImages ? 15 : 55, r: 15, t: layout.title ? 50 : 20, b: 45 },
    legend: { orientation: 'h', x: 0, y: 1.02, yanchor: 'bottom', ...layout.legend },
    hovermode: 'closest',
  };
}

function drawCharts() {
  for (const chart of charts) {
    chart.figure ??= JSON.parse(chart.querySelector('script').textContent);
    chart.target ??= chart.appendChild(document.createElement('div'));
    const images = chart.figure.data.filter(isImage).length;
    const height = images > 0 && isNarrow() ? innerWidth / images + 65 : chart.figure.layout.height ?? 380;
    chart.target.style.height = `${height}px`;
    // A colour called by its name in the style sheet follows the theme.
    const text = JSON.stringify(chart.figure.data).replace(/"(--c\d)"/g, (_, name) => JSON.stringify(colour(name)));
    Plotly.react(chart.target, JSON.parse(text), themed(chart.figure), { responsive: true, displayModeBar: false });
  }
}

if (charts.length > 0) load('content/plotly.min.js').then(drawCharts);
else drawCharts = () => { };

// ---- Code ----

for (const code of document.querySelectorAll('main pre:not(td.lines pre)')) {
  const holder = document.createElement('div');
  holder.className = 'code';
  // A long line of what was printed is prose, a message; numbers in columns stay as they are.
  code.classList.toggle('prose', !code.querySelector('code[lang]') && /^[a-z]\w*: [^|\n]{80,}$|^[^\[|\n]{90,}$/m.test(code.textContent));
  const block = code.closest('table.pre') ?? code;
  block.replaceWith(holder);
  holder.append(block);

  if (code.querySelector('code[lang]') && navigator.clipboard) {
    const button = document.createElement('button');
    button.textContent = 'Copy';
    button.className = 'copy';
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(code.innerText);
      button.textContent = 'Copied';
      setTimeout(() => button.textContent = 'Copy', 1500);
    });
    holder.append(button);
  }
}

// Wide tables scroll inside themselves, not with the page.
for (const table of document.querySelectorAll('main table:not(.pre, [class*=fsdocs])')) {
  const holder = document.createElement('div');
  holder.className = 'wide';
  table.replaceWith(holder);
  holder.append(table);
}

// A hint with the type of what is under the pointer.
let shown = null;

document.addEventListener('mouseover', event => {
  const word = event.target.closest?.('[data-fsdocs-tip]');
  if (word === shown) return;
  if (shown) try { byId(shown.dataset.fsdocsTip).hidePopover(); } catch { }
  shown = word;
  const tip = word && byId(word.dataset.fsdocsTip);
  if (!tip || word.closest('td')) return;
  const box = word.getBoundingClientRect();
  tip.showPopover();
  tip.style.left = `${Math.max(8, Math.min(box.left, innerWidth - tip.offsetWidth - 8))}px`;
  tip.style.top = `${box.bottom + 6 + tip.offsetHeight > innerHeight ? box.top - tip.offsetHeight - 6 : box.bottom + 6}px`;
});

// ---- Search ----

const dialog = byId('search');
const box = dialog.querySelector('input');
const list = dialog.querySelector('ul');

async function openSearch() {
  dialog.showModal();
  box.select();
  if (!window.searchIndex) await load('content/search-index.js');
  find();
}

/// Pages in which every word occurs; names count more than headings, headings more than text, and whole words more than parts.
function find() {
  const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
  const weight = (text, word) => text.toLowerCase().includes(word);
  const whole = (text, word) => text.toLowerCase().split(/[^a-z0-9_]+/).includes(word);

  const score = page => words.reduce((total, word) => {
    const here =
      (page.title.toLowerCase() === word ? 100 : 0) + (whole(page.title, word) ? 30 : 0) + (weight(page.title, word) ? 20 : 0)
      + (page.headings.some(heading => weight(heading, word)) ? 5 : 0) + (weight(page.content, word) ? 1 : 0);
    return here === 0 ? -Infinity : total + here;
  }, 0);

  const found = words.length === 0 ? [] : searchIndex
    .map(page => ({ page, score: score(page) }))
    .filter(entry => entry.score > 0)
    .sort((a, b) => b.score - a.score)
    .slice(0, 12);

  list.replaceChildren(...found.map(({ page }) => {
    const item = document.createElement('li');
    const link = document.createElement('a');
    link.href = root + page.uri;
    link.textContent = page.title;
    item.append(link);
    return item;
  }));

  if (words.length > 0 && found.length === 0) list.textContent = 'Nothing found.';
}

byId('search-button').addEventListener('click', openSearch);
box.addEventListener('input', find);
box.addEventListener('keydown', event => { if (event.key === 'Enter') list.querySelector('a')?.click(); });
dialog.addEventListener('click', event => { if (event.target === dialog) dialog.close(); });

document.addEventListener('keydown', event => {
  if (event.key === '/' && !dialog.open && !/^(INPUT|TEXTAREA)$/.test(document.activeElement?.tagName)) {
    event.preventDefault();
    openSearch();
  }
});
