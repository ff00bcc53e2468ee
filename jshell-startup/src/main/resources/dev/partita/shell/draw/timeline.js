"use strict";
// Draws the timelines in the page's data: a lane for each device, time to the right. Only what is in view is drawn,
// and what is too short to be seen alone is drawn as its share of three pixels.
const data = JSON.parse(document.getElementById("data").textContent);
const USES = ["weights", "optimizer", "gradients", "activations", "buffers", "between"];
const KINDS = ["F", "B", "W", "C", "M", "I"];
const LEFT = 190, RIGHT = 14, LANE = 15, THIN = 6, GAP = 5, BUCKET = 3;
const chart = document.getElementById("chart"), axis = document.getElementById("axis");
const memory = document.getElementById("memory"), details = document.getElementById("details");

const word = index => data.words[index];
const escaped = text => text.replace(/[&<>"]/g, c => ({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})[c]);

function kind(stream, activity) {
  if (stream.startsWith("wait")) return 5;
  if (stream !== "compute") return 4;
  const work = /^\d+([FBW])\d+$/.exec(word(activity[1]));
  return work ? "FBW".indexOf(work[1]) : 3;
}

function spans(stream) {
  const name = word(stream.name), list = [];
  let end = 0;
  for (let i = 0; i < stream.spans.length; i += 3) {
    const from = end + stream.spans[i] * data.tick;
    end = from + stream.spans[i + 1] * data.tick;
    const activity = data.activities[stream.spans[i + 2]];
    list.push({from, to: end, activity, stream: name, kind: kind(name, activity)});
  }
  return list;
}

function moments(device) {
  const list = [];
  let at = 0, bytes = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < device.memory.length; i += 7) {
    at += device.memory[i] * data.tick;
    bytes = bytes.map((b, use) => b + device.memory[i + 1 + use] * data.grain);
    list.push({at, bytes, total: bytes.reduce((a, b) => a + b)});
  }
  return list;
}

// by start; where streams overlap, each span also knows how far those before it reach
function ordered(list) {
  list.sort((a, b) => a.from - b.from);
  let reach = 0;
  for (const span of list) span.reach = reach = Math.max(reach, span.to);
  return list;
}
const lanes = [];
data.timelines.forEach((timeline, number) => timeline.devices.forEach(device => {
  const all = device.streams.map(spans);
  const flat = of => ordered(all.filter(list => list.length && of(list[0].kind === 4)).flat());
  lanes.push({device, number, timeline, works: flat(moved => !moved), moves: flat(moved => moved), moments: moments(device)});
}));
lanes.sort((a, b) => a.device.rank - b.device.rank || a.number - b.number);
let height = 0;
for (const lane of lanes) {
  lane.top = height;
  height += LANE + (lane.moves.length ? THIN + 1 : 0) + (data.timelines.length > 1 && lane.number === 0 ? 2 : GAP);
}
const whole = Math.max(...data.timelines.map(timeline => timeline.seconds));
let view = {from: 0, to: whole}, chosen = 0, marked = null, width = 0;

const scale = () => (width - LEFT - RIGHT) / (view.to - view.from);
const x = time => LEFT + (time - view.from) * scale();
const time = pixel => view.from + (pixel - LEFT) / scale();
const number = (value, digits) => value.toPrecision(digits).replace(/\.?0+$|(\.\d*?)0+$/, "$1").replace(/e\+?/, "e");
const seconds = s => s === 0 ? "0" : s >= 1 ? number(s, 6) + " s" : s >= 1e-3 ? number(s * 1e3, 5) + " ms" : number(s * 1e6, 4) + " µs";
const size = b => b >= 2 ** 30 ? (b / 2 ** 30).toFixed(2) + " GiB" : b >= 2 ** 20 ? (b / 2 ** 20).toFixed(2) + " MiB" : b.toLocaleString("en") + " B";

// the first span that may end after a time
function after(list, t) {
  let low = 0, high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle].reach > t) high = middle; else low = middle + 1;
  }
  return low;
}

const box = (left, top, w, h) => `M${left.toFixed(1)} ${top.toFixed(1)}h${w.toFixed(1)}v${h.toFixed(1)}h${(-w).toFixed(1)}z`;

function row(list, top, h, paths, labels) {
  const first = after(list, view.from);
  let last = first;
  while (last < list.length && list[last].from < view.to) last++;
  const room = width - LEFT - RIGHT;
  if (last - first > room / BUCKET) return shares(list, first, last, top, h, paths, room);
  for (let i = first; i < last; i++) {
    const span = list[i];
    if (span.to < view.from) continue;
    const left = Math.max(LEFT, x(span.from)), right = Math.min(width - RIGHT, x(span.to));
    paths[span.kind] += box(left, top, Math.max(.4, right - left - (right - left > 4 ? .5 : 0)), h);
    const action = word(span.activity[1]), what = word(span.activity[0]);
    const label = !action ? what : span.activity[6] >= 0 && right - left > 130 ? action + " " + what : action;
    if (labels && span.kind < 4 && right - left > 9 + 5.6 * Math.min(label.length, 8)) {
      const shown = label.slice(0, Math.floor((right - left - 6) / 5.6));
      const dark = span.kind === 1 || span.kind === 3 ? " dark" : "";
      labels.push(`<text class="inside${dark}" x="${(left + 3).toFixed(1)}" y="${top + h - 4}">${escaped(shown)}</text>`);
    }
  }
}

function shares(list, first, last, top, h, paths, room) {
  const count = Math.ceil(room / BUCKET), each = (view.to - view.from) * BUCKET / room;
  const share = KINDS.map(() => new Float64Array(count));
  for (let i = first; i < last; i++) {
    const span = list[i];
    let at = Math.max(0, Math.floor((span.from - view.from) / each));
    for (; at < count && view.from + at * each < span.to; at++) {
      const from = Math.max(span.from, view.from + at * each), to = Math.min(span.to, view.from + (at + 1) * each);
      share[span.kind][at] += (to - from) / each;
    }
  }
  for (let at = 0; at < count; at++) {
    let y = top;
    KINDS.forEach((_, kind) => {
      const part = Math.min(1, share[kind][at]) * h;
      if (part > .05) paths[kind] += box(LEFT + at * BUCKET, y, BUCKET, part);
      y += part;
    });
  }
}

function draw() {
  width = chart.clientWidth;
  chart.setAttribute("height", height + 4);
  chart.setAttribute("viewBox", `0 0 ${width} ${height + 4}`);
  const paths = KINDS.map(() => ""), labels = [], under = [];
  lanes.forEach((lane, i) => {
    const room = width - LEFT - RIGHT;
    under.push(`<rect class="lane" x="${LEFT}" y="${lane.top}" width="${room}" height="${LANE}"/>`);
    const name = word(lane.device.name) + (lane.device.alike > 1 ? " ×" + lane.device.alike : "")
        + (data.timelines.length > 1 ? " " + word(lane.timeline.name).split(" ")[0] : "");
    under.push(`<text x="16" y="${lane.top + 12}">${escaped(name)}</text>`);
    row(lane.works, lane.top, LANE, paths, labels);
    row(lane.moves, lane.top + LANE + 1, THIN, paths, null);
    if (i === chosen) under.push(`<rect class="chosen" x="1" y="${lane.top - .5}" width="${width - 4}" height="${LANE + 1}"/>`);
  });
  const mark = marked ? `<rect class="marked" x="${Math.max(LEFT, x(marked.span.from))}" y="${marked.top}" width="${
      Math.max(1, Math.min(width - RIGHT, x(marked.span.to)) - Math.max(LEFT, x(marked.span.from)))}" height="${marked.h}"/>` : "";
  chart.innerHTML = under.join("") + paths.map((d, kind) => d && `<path class="${KINDS[kind]}" d="${d}"/>`).join("") + labels.join("") + mark;
  drawAxis();
  drawMemory();
}

function drawAxis() {
  axis.setAttribute("height", 22);
  axis.setAttribute("viewBox", `0 0 ${width} 22`);
  const rough = (view.to - view.from) / Math.max(2, (width - LEFT) / 110), power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map(k => k * power).find(s => s >= rough);
  let marks = "";
  for (let i = Math.ceil(view.from / step); i * step <= view.to; i++) {
    marks += `<line class="tick" x1="${x(i * step)}" x2="${x(i * step)}" y1="14" y2="22"/><text class="soft" x="${x(i * step) + 3}" y="13">${seconds(i * step)}</text>`;
  }
  axis.innerHTML = marks;
}

function drawMemory() {
  const lane = lanes[chosen], h = 78, list = lane.moments;
  memory.setAttribute("height", h + 2);
  memory.setAttribute("viewBox", `0 0 ${width} ${h + 2}`);
  if (!list.length) { memory.innerHTML = ""; return; }
  const peak = Math.max(...lanes.map(l => l.moments.reduce((most, m) => Math.max(most, m.total), 0)));
  const paths = USES.map(() => "");
  let next = 0, now = list[0];
  for (let px = LEFT; px < width - RIGHT; px += 2) {
    let most = null;
    while (next < list.length && list[next].at < time(px + 2)) {
      now = list[next++];
      if (now.at >= time(px) && (!most || now.total > most.total)) most = now;
    }
    let base = h;
    (most || now).bytes.forEach((b, use) => {
      const part = b / peak * (h - 4);
      if (part > .1) paths[use] += box(px, base - part, 2, part);
      base -= part;
    });
  }
  const own = list.reduce((most, m) => Math.max(most, m.total), 0);
  memory.innerHTML = `<text x="16" y="14">memory of ${escaped(word(lane.device.name))}</text>`
      + `<text class="soft" x="16" y="29">at most ${size(own)}</text>`
      + paths.map((d, use) => d && `<path class="u${use}" d="${d}"/>`).join("");
}

function show() {
  if (!marked) {
    const lane = lanes[chosen];
    const busy = lane.works.reduce((sum, s) => sum + (s.kind < 4 ? s.to - s.from : 0), 0);
    details.innerHTML = `<b>${escaped(word(lane.device.name))}</b><span>${escaped(word(lane.timeline.name))}</span>`
        + `<span>computes ${(100 * busy / lane.timeline.seconds).toFixed(1)} % of ${seconds(lane.timeline.seconds)}</span>`;
    return;
  }
  const {span, lane} = marked, [what, action, layer, source, because, bytes, step] = span.activity;
  const facts = [word(lane.device.name), seconds(span.to - span.from) + " at " + seconds(span.from),
    word(action) && "action " + word(action), span.kind > 3 && span.stream, word(layer) && "layer " + word(layer), word(source),
    bytes > 0 && size(bytes), step >= 0 && "step " + step, word(because) && "because " + word(because), inUse(lane, span.from)];
  const of = step < 0 && /^(\d+)[FBW](\d+)$/.exec(word(action));
  const title = (span.kind === 5 ? "waits for " : "") + word(what) + (of ? ` of micro-batch ${of[2]} in stage ${of[1]}` : "");
  details.innerHTML = `<b>${escaped(title)}</b>`
      + facts.filter(Boolean).map(fact => `<span>${escaped(fact)}</span>`).join("");
}

function inUse(lane, t) {
  const now = lane.moments.findLast(m => m.at <= t + data.tick);
  return now && "memory " + size(now.total) + ": " + USES.map((use, i) => now.bytes[i] && use + " " + size(now.bytes[i])).filter(Boolean).join(", ");
}

let asked = false;
function refresh() {
  if (!asked) {
    asked = true;
    requestAnimationFrame(() => { asked = false; draw(); show(); });
  }
}

function look(from, to) {
  const length = Math.min(whole, Math.max(to - from, data.tick * 20));
  const start = Math.max(0, Math.min(from, whole - length));
  view = {from: start, to: start + length};
  refresh();
}

function zoom(factor, pixel) {
  const at = time(Math.max(LEFT, Math.min(width - RIGHT, pixel ?? (LEFT + width - RIGHT) / 2)));
  look(at - (at - view.from) * factor, at + (view.to - at) * factor);
}
const pan = part => look(view.from + part * (view.to - view.from), view.to + part * (view.to - view.from));

function mark(lane, span, moves) {
  marked = {lane, span, top: lane.top + (moves ? LANE + 1 : 0), h: moves ? THIN : LANE};
  refresh();
}

function at(event) {
  const area = chart.getBoundingClientRect(), y = event.clientY - area.top, pixel = event.clientX - area.left;
  const index = lanes.findLastIndex(lane => lane.top <= y);
  if (index < 0) return null;
  const lane = lanes[index], moves = y > lane.top + LANE, list = moves ? lane.moves : lane.works;
  const span = pixel < LEFT ? undefined : list[after(list, time(pixel))];
  return {index, lane, moves, pixel, span: span && span.from <= time(pixel) ? span : null};
}

function next(direction) {
  const lane = lanes[chosen], list = lane.works;
  if (!list.length) return;
  const here = marked && marked.lane === lane ? list.indexOf(marked.span) + direction : after(list, view.from);
  const span = list[Math.max(0, Math.min(list.length - 1, here))];
  mark(lane, span, false);
  if (span.from < view.from || span.to > view.to) {
    const half = (view.to - view.from) / 2, middle = (span.from + span.to) / 2;
    look(middle - half, middle + half);
  }
}

function choose(index) {
  chosen = Math.max(0, Math.min(lanes.length - 1, index));
  marked = null;
  const area = chart.getBoundingClientRect(), y = area.top + lanes[chosen].top;
  if (y < 60 || y > innerHeight - 220) scrollBy(0, y - innerHeight / 2);
  refresh();
}

const KEYS = {
  ArrowLeft: e => e.shiftKey ? next(-1) : pan(-.15), ArrowRight: e => e.shiftKey ? next(1) : pan(.15),
  ArrowUp: () => choose(chosen - 1), ArrowDown: () => choose(chosen + 1), PageUp: () => choose(chosen - 8), PageDown: () => choose(chosen + 8),
  "+": () => zoom(.6), "=": () => zoom(.6), "-": () => zoom(1 / .6), "0": () => look(0, whole), Home: () => look(0, view.to - view.from),
  End: () => look(whole - (view.to - view.from), whole), Enter: () => marked && look(marked.span.from, marked.span.to),
};
chart.addEventListener("keydown", event => {
  const does = event.ctrlKey || event.metaKey || event.altKey ? null : KEYS[event.key];
  if (does) { event.preventDefault(); does(event); }
});

let grip = null;
chart.addEventListener("pointerdown", event => {
  const hit = at(event);
  if (hit) chosen = hit.index;
  grip = {x: event.clientX, view};
  chart.setPointerCapture(event.pointerId);
  refresh();
});
chart.addEventListener("pointermove", event => {
  if (grip && event.buttons) {
    const moved = (grip.x - event.clientX) * (grip.view.to - grip.view.from) / (width - LEFT - RIGHT);
    look(grip.view.from + moved, grip.view.to + moved);
    return;
  }
  const hit = at(event);
  if (hit && hit.span) mark(hit.lane, hit.span, hit.moves);
});
chart.addEventListener("pointerup", () => grip = null);
chart.addEventListener("dblclick", event => zoom(.4, event.clientX - chart.getBoundingClientRect().left));
for (const part of [chart, axis]) {
  part.addEventListener("wheel", event => {
    if (!event.ctrlKey && !event.metaKey && part === chart) return;
    event.preventDefault();
    zoom(event.deltaY < 0 ? .8 : 1.25, event.clientX - chart.getBoundingClientRect().left);
  }, {passive: false});
}
axis.addEventListener("pointerdown", event => {
  const left = event.clientX - axis.getBoundingClientRect().left, begun = time(left);
  axis.setPointerCapture(event.pointerId);
  axis.onpointerup = up => {
    const ended = time(up.clientX - axis.getBoundingClientRect().left);
    if (Math.abs(x(ended) - left) > 4) look(Math.min(begun, ended), Math.max(begun, ended));
    axis.onpointerup = null;
  };
});
for (const [id, does] of [["in", () => zoom(.6)], ["out", () => zoom(1 / .6)], ["all", () => look(0, whole)]]) {
  document.getElementById(id).addEventListener("click", () => { does(); chart.focus(); });
}
addEventListener("resize", refresh);
chart.focus();
draw();
show();
