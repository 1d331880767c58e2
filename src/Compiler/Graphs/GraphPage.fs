namespace Cotangent.Compiler

open System.Net
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// A graph as a page that opens without a network: its drawing, a search, zoom, and what is known of a node that is chosen.
module internal GraphPage =
    let private style =
        """:root { color-scheme: light dark; --line: #7a8699; --found: #d9822b; --chosen: #2f6fdf; }
body { font: 14px system-ui, sans-serif; margin: 0; }
header { position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; padding: .6rem 1rem; background: Canvas; border-bottom: 1px solid color-mix(in srgb, var(--line) 40%, transparent); }
input { flex: 1 1 12rem; max-width: 26rem; font: inherit; padding: .35rem .6rem; } button { font: inherit; padding: .35rem .7rem; }
output { min-width: 6rem; opacity: .75; }
main { padding: 0 1rem 9rem; } h2 { font-size: 1rem; } section > div { overflow: auto; max-height: 85vh; } svg { display: block; }
svg text { font: 12px ui-monospace, monospace; fill: CanvasText; } svg .signature { fill-opacity: .65; }
rect { fill: Canvas; stroke: var(--line); } .output rect { stroke: #2f6fdf; stroke-width: 2; } g[data-n] { cursor: pointer; }
path { fill: none; stroke: var(--line); stroke-opacity: .6; }
.searching g[data-n]:not(.found, .beside, .chosen) { opacity: .25; } .found rect { stroke: var(--found); stroke-width: 2.5; }
.beside rect { stroke: var(--chosen); stroke-dasharray: 4 3; stroke-width: 2; } .chosen rect { stroke: var(--chosen); stroke-width: 3; }
aside { position: fixed; right: 1rem; bottom: 1rem; max-width: min(34rem, calc(100vw - 4rem)); background: Canvas; border: 1px solid var(--line); border-radius: 6px; padding: .7rem 1rem; box-shadow: 0 3px 14px rgb(0 0 0 / .25); }
dl { display: grid; grid-template-columns: auto 1fr; gap: .15rem .9rem; margin: 0; } dt { opacity: .7; } dd { margin: 0; font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
dd a { cursor: pointer; text-decoration: underline; margin-right: .6rem; }"""

    let private script =
        """const nodes = [...document.querySelectorAll('g[data-n]')];
const byName = Object.fromEntries(nodes.map(g => [g.dataset.n, g]));
const readers = {};
for (const g of nodes) for (const i of inputsOf(g)) (readers[i] ??= []).push(g.dataset.n);
const search = document.querySelector('input'), count = document.querySelector('output'), aside = document.querySelector('aside');
let found = [], at = -1, zoom = 1;
function inputsOf(g) { return g.dataset.inputs ? g.dataset.inputs.split(' ') : []; }
function show(g) { g.scrollIntoView({ block: 'center', inline: 'center' }); }
search.addEventListener('input', () => {
  const words = search.value.toLowerCase().split(/\s+/).filter(w => w);
  found = words.length ? nodes.filter(g => words.every(w => g.dataset.text.includes(w))) : [];
  at = -1;
  document.body.classList.toggle('searching', words.length > 0);
  for (const g of nodes) g.classList.toggle('found', found.includes(g));
  count.value = words.length ? found.length + ' of ' + nodes.length : nodes.length + ' nodes';
});
search.addEventListener('keydown', e => {
  if (e.key !== 'Enter' || !found.length) return;
  at = (at + (e.shiftKey ? found.length - 1 : 1)) % found.length;
  show(found[at]); choose(found[at]);
});
function choose(g) {
  for (const n of nodes) n.classList.remove('chosen', 'beside');
  aside.hidden = !g;
  if (!g) return;
  g.classList.add('chosen');
  const around = [...inputsOf(g), ...(readers[g.dataset.n] ?? [])];
  for (const n of around) byName[n]?.classList.add('beside');
  const list = document.createElement('dl');
  const row = (name, value) => {
    if (!value || value.length === 0) return;
    const dt = document.createElement('dt'), dd = document.createElement('dd');
    dt.textContent = name;
    if (Array.isArray(value)) for (const n of value) {
      const a = document.createElement('a');
      a.textContent = '%' + n.split(':')[1]; a.onclick = () => { show(byName[n]); choose(byName[n]); };
      dd.append(a);
    } else dd.textContent = value;
    list.append(dt, dd);
  };
  row('node', '%' + g.dataset.n.split(':')[1] + '  ' + g.dataset.label); row('dtype, shape', g.dataset.signature);
  row('bytes', g.dataset.bytes); row('reads', inputsOf(g)); row('read by', readers[g.dataset.n] ?? []); row('source', g.dataset.place);
  aside.replaceChildren(list);
}
for (const g of nodes) g.addEventListener('click', e => { choose(g); e.stopPropagation(); });
document.addEventListener('keydown', e => { if (e.key === 'Escape') choose(null); });
function scale(to) {
  zoom = Math.min(4, Math.max(.05, to));
  for (const svg of document.querySelectorAll('svg')) {
    svg.style.width = svg.getAttribute('width') * zoom + 'px'; svg.style.height = svg.getAttribute('height') * zoom + 'px';
  }
}
document.querySelector('#in').onclick = () => scale(zoom * 1.25);
document.querySelector('#out').onclick = () => scale(zoom / 1.25);
document.querySelector('#whole').onclick = () => scale(Math.min(1, ...[...document.querySelectorAll('svg')].map(s => s.parentElement.clientWidth / s.getAttribute('width'))));
document.addEventListener('wheel', e => { if (e.ctrlKey) { e.preventDefault(); scale(zoom * Math.exp(-e.deltaY / 300)); } }, { passive: false });
count.value = nodes.length + ' nodes';"""

    let make (g: Graph) : string =
        let drawings =
            Drawing.parts "graph" g
            |> List.mapi (fun part (name, g) ->
                $"<section><h2>{WebUtility.HtmlEncode name}</h2><div>{Drawing.svg part g}</div></section>")
            |> String.concat "\n"

        String.concat "\n" [
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>Graph</title>"
            $"<style>{style}</style><header><input type=\"search\" placeholder=\"Search, as in matmul float32 128\" aria-label=\"Search nodes\">"
            "<output></output><button id=\"out\" title=\"Smaller\">−</button><button id=\"in\" title=\"Larger\">+</button><button id=\"whole\">Whole width</button></header>"
            $"<main>{drawings}</main><aside hidden></aside><script>{script}</script></html>"
        ]
