"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { map, code } = data;
  const byId = (id) => document.getElementById(id);
  const svg = byId("map"), panel = byId("panel"), search = byId("search"), matches = byId("matches");
  const RANK = { note: 1, warning: 2, error: 3 };
  const INTERNAL = new Set(["starts", "calls"]);
  const COLOR = {
    "request-response": "--blue", "platform-event": "--green", "change-data-capture": "--teal", "inbound": "--purple",
    "outbound-message": "--orange", "external-object": "--brown", "starts": "--grey", "calls": "--grey",
  };
  const NODE_COLOR = {
    "caller": "--purple", "api": "--purple", "trigger": "--blue", "flow": "--blue", "workflow": "--blue", "page": "--blue",
    "schedule": "--blue", "action": "--grey", "job": "--grey", "class": "--grey", "event": "--green",
    "change-event": "--teal", "channel": "--green", "external-object": "--brown", "system": "--orange",
  };
  const KINDS = new Map(data.kinds);
  const nodes = new Map(map.nodes.map((node) => [node.id, node]));
  const groups = new Map(map.groups.map((group) => [group.id, group]));
  const groupOf = new Map(map.groups.flatMap((group) => group.members.map((id) => [id, group.id])));
  const state = {
    open: new Set(data.open ? groups.keys() : []), kinds: new Set(KINDS.keys()), severity: "all",
    picked: null, x: 0, y: 0, scale: 1,
  };
  // What is drawn now.
  let boxes = new Map(), arrows = [], size = { width: 1, height: 1 };

  // --- Small helpers -----------------------------------------------------------------------------
  const el = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key === "on") for (const [event, handler] of Object.entries(value)) made.addEventListener(event, handler);
      else if (value !== undefined) made.setAttribute(key, value);
    }
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
  };
  const draw = (name, attributes = {}, ...children) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  };
  const tint = (element, variable) => { element.style.setProperty("--kind", `var(${variable})`); return element; };
  const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;
  const worst = (findings) => findings.reduce((most, id) => {
    const severity = map.findings[id].severity;
    return !most || RANK[severity] > RANK[most] ? severity : most;
  }, null);
  const unique = (list) => [...new Set(list)];
  const pen = document.createElement("canvas").getContext("2d");
  const fits = (text, font, width) => {
    pen.font = font;
    if (pen.measureText(text).width <= width) return text;
    let low = 1, high = text.length;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (pen.measureText(shorten(text, middle)).width <= width) low = middle; else high = middle - 1;
    }
    return shorten(text, low);
  };
  // A name in one line or two, parted where its words are.
  const wrap = (text, font, width) => {
    pen.font = font;
    if (pen.measureText(text).width <= width) return [text];
    let cut = 0;
    for (const { index } of text.matchAll(/(?<=[a-z])(?=[A-Z])|(?<=[A-Z0-9])(?=[A-Z][a-z])|(?<=[^_]_)(?=[^_])|(?<=[.\-: ])(?=.)/g)) {
      if (index && pen.measureText(text.slice(0, index).trimEnd()).width <= width) cut = index;
    }
    if (!cut) return [fits(text, font, width)];
    return [text.slice(0, cut).trimEnd(), fits(text.slice(cut), font, width)];
  };
  // The end of a name tells as much as its start.
  const shorten = (text, keep) => {
    const tail = Math.floor(keep * 0.35);
    return `${text.slice(0, keep - tail)}…${tail ? text.slice(-tail) : ""}`;
  };

  // --- What is drawn: boxes and arrows -------------------------------------------------------------
  const boxOf = (id) => {
    const group = groupOf.get(id);
    return group && !state.open.has(group) ? group : id;
  };
  const collect = () => {
    const least = state.severity === "all" ? 0 : RANK[state.severity];
    const bad = (findings) => findings.some((id) => RANK[map.findings[id].severity] >= least);
    const merged = new Map();
    const kept = new Set();
    for (const edge of map.edges) {
      if (!state.kinds.has(edge.kind) || (least && !bad(edge.findings))) continue;
      kept.add(edge.from).add(edge.to);
      const from = boxOf(edge.from), to = boxOf(edge.to);
      if (from === to) continue;
      const key = `${from}\n${to}\n${edge.kind}`;
      if (!merged.has(key)) merged.set(key, { key, from, to, kind: edge.kind, edges: [], findings: [] });
      const arrow = merged.get(key);
      arrow.edges.push(edge);
      arrow.findings.push(...edge.findings);
    }
    const shown = new Map();
    for (const node of map.nodes) {
      if (!kept.has(node.id) && !(least && bad(node.findings))) continue;
      const id = boxOf(node.id);
      if (!shown.has(id)) {
        const group = groups.get(id);
        shown.set(id, {
          id, kind: node.kind, lane: node.lane, group, members: [], findings: [],
          name: group ? group.name : node.name, detail: group ? "" : node.detail,
        });
      }
      const box = shown.get(id);
      box.members.push(node);
      box.findings.push(...node.findings);
    }
    for (const box of shown.values()) {
      box.findings = unique(box.findings);
      if (box.group) {
        box.name = box.members.length === box.group.members.length ? box.name : plural(box.members.length, box.kind);
        box.detail = `${box.members.slice(0, 2).map((node) => node.name).join(", ")}${box.members.length > 2 ? ", …" : ""}`;
      }
    }
    boxes = shown;
    arrows = [...merged.values()];
    for (const arrow of arrows) arrow.findings = unique(arrow.findings);
  };

  // --- Layout: a column a lane, jobs that start jobs in further ones -------------------------------
  const GAP = 10, TOP = 34;
  const NAME_FONT = "600 12.5px system-ui, sans-serif", WHAT_FONT = "10.5px system-ui, sans-serif";
  let WIDTH = 168;
  // Tries several widths of the boxes, and takes the one whose text is largest on this screen.
  const layout = () => {
    let best = null;
    for (const [width, deep] of [[280, 2], [240, 2], [204, 2], [172, 2], [146, 2], [146, 1], [128, 1]]) {
      WIDTH = width;
      const tried = arrange(deep);
      const cut = [...boxes.values()].filter((box) => box.lines.join("").includes("…")).length / boxes.size;
      const worth = Math.min(1.05, scaleFor(tried.size)) * (1 - cut * 0.5) * (deep === 2 ? 1 : 0.93);
      if (!best || worth > best.worth * 1.02) best = { ...tried, worth, width, deep };
    }
    WIDTH = best.width;
    const done = arrange(best.deep);
    size = done.size;
    return done;
  };
  const arrange = (deep) => {
    const columns = [], lanes = [];
    for (const box of boxes.values()) {
      box.lines = wrap(box.name, NAME_FONT, WIDTH - inset(box) - 10);
      box.height = (box.detail ? 25 : 12) + 14 * box.lines.length;
    }
    for (const [lane, title] of data.lanes) {
      const inside = [...boxes.values()].filter((box) => box.lane === lane);
      if (!inside.length) continue;
      const depth = new Map(inside.map((box) => [box.id, 0]));
      for (let round = 0; round < deep; round++) {
        for (const { from, to } of arrows) {
          if (depth.has(from) && depth.has(to) && depth.get(to) <= depth.get(from)) depth.set(to, Math.min(deep, depth.get(from) + 1));
        }
      }
      const first = columns.length;
      const used = unique([...depth.values()]).sort();
      used.forEach((level) => columns.push(inside.filter((box) => depth.get(box.id) === level).map((box) => ({ box, height: box.height, near: [] }))));
      lanes.push({ lane, title, first, last: columns.length - 1 });
    }
    const item = new Map();
    columns.forEach((column, index) => column.forEach((one) => { one.column = index; item.set(one.box.id, one); }));
    // Arrows over several columns pass through each; those to the same box share their way.
    const shared = new Map();
    for (const arrow of arrows) {
      const from = item.get(arrow.from), to = item.get(arrow.to);
      const step = Math.sign(to.column - from.column);
      arrow.way = [from];
      for (let at = from.column + step; step && at !== to.column; at += step) {
        const key = `${arrow.to}\n${arrow.kind}\n${step}\n${at}`;
        if (!shared.has(key)) {
          const pass = { box: null, height: 2, near: [], column: at };
          shared.set(key, pass);
          columns[at].push(pass);
        }
        arrow.way.push(shared.get(key));
      }
      arrow.way.push(to);
      for (let i = 1; i < arrow.way.length; i++) {
        const [a, b] = [arrow.way[i - 1], arrow.way[i]];
        if (a.column === b.column || a.near.includes(b)) continue;
        a.near.push(b);
        b.near.push(a);
      }
    }
    order(columns);
    heights(columns);
    // Columns that many arrows enter need room for them.
    let x = 0;
    const left = columns.map((column, index) => {
      const at = x;
      const leaving = column.reduce((sum, one) => sum + one.near.filter((other) => other.column === index + 1).length, 0);
      x += WIDTH + 50 + Math.min(50, leaving * 1.4);
      return at;
    });
    columns.flat().forEach((one) => { one.x = left[one.column]; });
    const all = columns.flat();
    const low = Math.min(...all.map((one) => one.y - one.height / 2));
    all.forEach((one) => { one.y += TOP - low + 8; });
    return {
      lanes, left,
      size: { width: left[left.length - 1] + WIDTH || 1, height: Math.max(...all.map((one) => one.y + one.height / 2)) + 10 },
    };
  };
  // Sorts each column by where its neighbours are, to and fro, and keeps the order with fewest crossings.
  const order = (columns) => {
    const number = () => columns.forEach((column) => column.forEach((one, index) => { one.rank = (index + 0.5) / column.length; }));
    const crossings = () => {
      let count = 0;
      for (let c = 0; c + 1 < columns.length; c++) {
        const lines = columns[c].flatMap((one) => one.near.filter((other) => other.column === c + 1).map((other) => [one.rank, other.rank]));
        for (let i = 0; i < lines.length; i++) for (let j = i + 1; j < lines.length; j++) {
          if ((lines[i][0] - lines[j][0]) * (lines[i][1] - lines[j][1]) < 0) count++;
        }
      }
      return count;
    };
    number();
    let best = columns.map((column) => [...column]), fewest = crossings();
    for (let round = 0; round < 24 && fewest > 0; round++) {
      const forward = round % 2 === 0;
      const sequence = [...columns.keys()];
      if (!forward) sequence.reverse();
      for (const c of sequence) {
        const side = round < 16 ? (other) => (forward ? other.column < c : other.column > c) : () => true;
        const goal = new Map(columns[c].map((one) => {
          const near = one.near.filter(side);
          return [one, near.length ? near.reduce((sum, other) => sum + other.rank, 0) / near.length : one.rank];
        }));
        columns[c].sort((a, b) => goal.get(a) - goal.get(b) || a.rank - b.rank);
        columns[c].forEach((one, index) => { one.rank = (index + 0.5) / columns[c].length; });
      }
      const count = crossings();
      if (count < fewest) { fewest = count; best = columns.map((column) => [...column]); }
    }
    best.forEach((column, index) => { columns[index].length = 0; columns[index].push(...column); });
    number();
  };
  // Puts each box as near to its neighbours' height as the order lets it.
  const heights = (columns) => {
    const apart = (a, b) => (a.height + b.height) / 2 + (a.box && b.box ? GAP : 7);
    const offsets = columns.map((column) => {
      let at = 0;
      return column.map((one, index) => (index ? (at += apart(column[index - 1], one)) : 0));
    });
    const tallest = Math.max(...offsets.map((all) => all[all.length - 1] || 0));
    columns.forEach((column, c) => {
      const start = (tallest - (offsets[c][column.length - 1] || 0)) / 2;
      column.forEach((one, index) => { one.y = start + offsets[c][index]; });
    });
    for (let round = 0; round < 12; round++) {
      const sequence = [...columns.keys()];
      if (round % 2) sequence.reverse();
      for (const c of sequence) {
        // Isotonic regression: the least movement that keeps order and distance.
        const pools = [];
        columns[c].forEach((one, index) => {
          const goal = one.near.length ? one.near.reduce((sum, other) => sum + other.y, 0) / one.near.length : one.y;
          let pool = { sum: goal - offsets[c][index], weight: 1, count: 1 };
          while (pools.length && pools[pools.length - 1].sum / pools[pools.length - 1].weight > pool.sum / pool.weight) {
            const before = pools.pop();
            pool = { sum: before.sum + pool.sum, weight: before.weight + pool.weight, count: before.count + pool.count };
          }
          pools.push(pool);
        });
        let index = 0;
        for (const pool of pools) {
          for (let i = 0; i < pool.count; i++, index++) columns[c][index].y = pool.sum / pool.weight + offsets[c][index];
        }
      }
    }
    // Not higher than the tallest column needs: what lies alone comes closer.
    columns.forEach((column, c) => {
      const total = offsets[c][column.length - 1] || 0;
      let floor = -Infinity;
      column.forEach((one, index) => {
        one.y = Math.max(floor, Math.min(Math.max(one.y, offsets[c][index]), tallest - total + offsets[c][index]));
        floor = index + 1 < column.length ? one.y + apart(one, column[index + 1]) : floor;
      });
    });
  };

  // --- Drawing -------------------------------------------------------------------------------------
  let scene = null;
  const render = (refit) => {
    collect();
    svg.replaceChildren();
    scene = draw("g");
    svg.append(scene);
    if (!boxes.size) {
      scene.append(draw("text", { class: "nothing", x: 300, y: 120 }, map.nodes.length ? "Nothing fits these filters." : "Nothing in this project takes part in integration, as far as seamlint sees."));
      size = { width: 600, height: 240 };
    } else {
      const { lanes, left } = layout();
      for (const { title, first, last } of lanes) {
        const x = left[first] - 14, width = left[last] + WIDTH + 28 - left[first];
        scene.append(draw("g", { class: "lane" },
          draw("rect", { x, y: 0, width, height: size.height + 8, rx: 10 }),
          draw("text", { x: x + width / 2, y: 21 }, title)));
      }
      ports();
      const over = draw("g");
      for (const arrow of arrows) drawArrow(arrow, over);
      for (const arrow of arrows) for (const one of arrow.way) if (one.box) one.box.item = one;
      layoutBoxes();
      scene.append(over);
    }
    byId("counts").textContent = counts();
    byId("groups").hidden = !groups.size;
    byId("groups").textContent = state.open.size ? "Group alike" : "Show each";
    mark();
    if (refit) fit();
    place();
  };
  const counts = () => {
    const of = (severity) => map.findings.filter((finding) => finding.severity === severity).length;
    const found = ["error", "warning", "note"].filter(of).map((severity) => plural(of(severity), severity));
    const elsewhere = map.findings_elsewhere ? ` · ${plural(map.findings_elsewhere, "finding")} not on the map` : "";
    return `${plural(map.nodes.length, "box").replace("boxs", "boxes")} · ${plural(map.edges.length, "connection")} · ${found.join(", ") || "no findings"}${elsewhere}`;
  };
  const layoutBoxes = () => { for (const box of boxes.values()) scene.append(drawBox(box)); };
  const corner = (box) => (box.lane === "systems" || box.lane === "outside-callers" ? 12 : box.lane === "events" ? 20 : 5);
  const inset = (box) => (corner(box) > 12 ? 18 : 12);
  const drawBox = (box) => {
    const { item, height } = box;
    const round = corner(box), left = inset(box);
    const group = tint(draw("g", {
      class: "node", tabindex: 0, role: "button", transform: `translate(${item.x},${item.y - height / 2})`,
      "data-id": box.id, "aria-label": `${box.name}, ${box.detail}${box.findings.length ? `, ${plural(box.findings.length, "finding")}` : ""}`,
    }), NODE_COLOR[box.kind]);
    if (box.group) {
      group.append(draw("rect", { x: 5, y: 5, width: WIDTH, height, rx: round }));
    }
    group.append(draw("rect", { class: "face", width: WIDTH, height, rx: round }));
    group.append(draw("rect", { class: "bar", x: round > 12 ? 9 : 0, y: round > 5 ? 10 : 5, width: 3.5, height: height - (round > 5 ? 20 : 10), rx: 1.7 }));
    box.lines.forEach((line, index) => group.append(draw("text", { class: "name", x: left, y: 17 + 14 * index }, line)));
    if (box.detail) group.append(draw("text", { class: "what", x: left, y: height - 8.5 }, fits(box.detail, WHAT_FONT, WIDTH - left - 10)));
    group.append(draw("title", {}, `${box.name}\n${box.group ? box.members.slice(0, 12).map((node) => node.name).join("\n") : box.detail}`));
    if (box.findings.length) group.append(badge(box.findings, WIDTH - 4, 3));
    group.addEventListener("click", () => pick({ box: box.id }));
    group.addEventListener("dblclick", () => { if (box.group) toggle(box.group.id, true); });
    group.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); pick({ box: box.id }, true); }
    });
    const near = (on) => highlight(on ? new Set([box.id]) : null);
    group.addEventListener("pointerenter", () => near(true));
    group.addEventListener("pointerleave", () => near(false));
    group.addEventListener("focus", () => near(true));
    group.addEventListener("blur", () => near(false));
    return group;
  };
  const badge = (findings, x, y) => draw("g", { class: `badge ${worst(findings)}`, transform: `translate(${x},${y})` },
    draw("circle", { r: 8.5 }), draw("text", {}, findings.length > 99 ? "99+" : String(findings.length)));
  // Where on its side of a box each arrow ends.
  const ports = () => {
    const sides = new Map();
    const add = (one, side, other, arrow, end) => {
      if (!one.box) return;
      const key = `${one.box.id}\n${side}`;
      if (!sides.has(key)) sides.set(key, new Map());
      const group = sides.get(key);
      if (!group.has(other)) group.set(other, new Map());
      const kinds = group.get(other);
      // What shares its way shares its port.
      const kind = other.box ? `${arrow.kind}${end}` : "";
      if (!kinds.has(kind)) kinds.set(kind, []);
      kinds.get(kind).push([arrow, end]);
    };
    for (const arrow of arrows) {
      const { way } = arrow;
      const last = way.length - 1;
      const same = way[0].column === way[last].column;
      add(way[0], same || way[1].column > way[0].column ? "right" : "left", way[1], arrow, "start");
      add(way[last], same || way[last - 1].column > way[last].column ? "right" : "left", way[last - 1], arrow, "end");
    }
    for (const [key, side] of sides) {
      const { height } = boxes.get(key.split("\n")[0]);
      const list = [...side.entries()].sort((a, b) => a[0].y - b[0].y).flatMap(([, kinds]) => [...kinds.values()]);
      const step = Math.min(9, (list.length ? height - 12 : 0) / list.length);
      list.forEach((ends, index) => ends.forEach(([arrow, end]) => {
        arrow[end] = (index - (list.length - 1) / 2) * step;
        if (end === "start") arrow.turn = index % 3;
      }));
    }
  };
  const drawArrow = (arrow, over) => {
    const { way } = arrow;
    const from = way[0], to = way[way.length - 1];
    const back = to.column < from.column, same = to.column === from.column;
    const sign = back ? -1 : 1;
    let x = from.x + (back ? 0 : WIDTH), y = from.y + arrow.start;
    let path = `M${x},${y.toFixed(1)}`, middle = null;
    // The first piece carries the badge: near to the end where fewer arrows meet.
    const fan = from.near.filter((other) => other.column === way[1].column).length;
    const t = fan > way[1].near.filter((other) => other.column === from.column).length ? 0.72 - 0.13 * arrow.turn : 0.3 + 0.13 * arrow.turn;
    const curve = (toX, toY) => {
      const bend = Math.max(24, Math.abs(toX - x) / 2) * sign;
      if (!middle) {
        const u = 1 - t, [a, b, c, d] = [u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t];
        middle = [a * x + b * (x + bend) + c * (toX - bend) + d * toX, (a + b) * y + (c + d) * toY];
      }
      path += `C${x + bend},${y.toFixed(1)} ${toX - bend},${toY.toFixed(1)} ${toX},${toY.toFixed(1)}`;
      [x, y] = [toX, toY];
    };
    const end = to.y + arrow.end;
    if (same) {
      const bulge = 46;
      middle = [x + bulge * 0.75, (y + end) / 2];
      path += `C${x + bulge},${y} ${x + bulge},${end} ${x + 7},${end}`;
      path += `M${x},${end}`;
    } else {
      for (const pass of way.slice(1, -1)) {
        curve(pass.x + (back ? WIDTH : 0), pass.y);
        x = pass.x + (back ? 0 : WIDTH);
        path += `H${x}`;
      }
      curve(to.x + (back ? WIDTH + 7 : -7), end);
    }
    const tip = same ? to.x + WIDTH : to.x + (back ? WIDTH : 0);
    const wing = same || back ? 7 : -7;
    const label = `${name(arrow.from)} to ${name(arrow.to)}: ${KINDS.get(arrow.kind)}${arrow.findings.length ? `, ${plural(arrow.findings.length, "finding")}` : ""}`;
    const group = tint(draw("g", {
      class: INTERNAL.has(arrow.kind) ? "edge thin" : "edge", role: "button", tabindex: -1, "aria-label": label,
      "data-from": arrow.from, "data-to": arrow.to, "data-kind": arrow.kind,
    }), COLOR[arrow.kind]);
    group.append(
      draw("path", { class: "stroke", d: path }), draw("path", { class: "hit", d: path }),
      draw("path", { class: "head", d: `M${tip},${end}l${wing},-3.6v7.2z` }), draw("title", {}, label));
    const take = (target) => {
      target.addEventListener("click", () => pick({ arrow: arrow.key }));
      target.addEventListener("keydown", (event) => { if (event.key === "Enter") pick({ arrow: arrow.key }, true); });
      target.addEventListener("pointerenter", () => highlight(new Set([arrow.from, arrow.to]), arrow));
      target.addEventListener("pointerleave", () => highlight(null));
    };
    take(group);
    arrow.parts = [group];
    scene.append(group);
    if (arrow.findings.length) {
      const sign = draw("g", { class: "edge" }, badge(arrow.findings, middle[0], middle[1]), draw("title", {}, label));
      take(sign);
      arrow.parts.push(sign);
      over.append(sign);
    }
  };
  const name = (id) => boxes.get(id)?.name ?? nodes.get(id)?.name ?? id;
  const highlight = (ids, only) => {
    const hot = new Set();
    for (const arrow of arrows) {
      const on = !ids || (only ? arrow === only : ids.has(arrow.from) || ids.has(arrow.to));
      if (ids && on) hot.add(arrow.from).add(arrow.to);
      arrow.parts.forEach((part) => part.classList.toggle("dim", !on));
    }
    for (const part of svg.querySelectorAll(".node")) {
      const id = part.getAttribute("data-id");
      part.classList.toggle("dim", Boolean(ids) && !hot.has(id) && !ids.has(id));
    }
    if (!ids) mark();
  };
  // Shows what is picked and what the search found.
  const mark = () => {
    const found = search.value.trim() ? new Set(hits().map((node) => boxOf(node.id))) : null;
    for (const part of svg.querySelectorAll(".node")) {
      const id = part.getAttribute("data-id");
      part.classList.toggle("picked", state.picked?.box === id);
      part.classList.toggle("found", Boolean(found?.has(id)));
      part.classList.toggle("dim", Boolean(found) && !found.has(id));
    }
    for (const arrow of arrows) arrow.parts?.forEach((part) => {
      part.classList.toggle("picked", state.picked?.arrow === arrow.key);
      part.classList.toggle("dim", Boolean(found) && !found.has(arrow.from) && !found.has(arrow.to));
    });
  };

  // --- Moving about --------------------------------------------------------------------------------
  const place = () => scene.setAttribute("transform", `translate(${state.x},${state.y}) scale(${state.scale})`);
  const scaleFor = (area) => Math.max(0.05, Math.min(1.2, (svg.clientWidth - 52) / area.width, (svg.clientHeight - 28) / area.height));
  const fit = () => {
    const { clientWidth: width, clientHeight: height } = svg;
    state.scale = scaleFor(size);
    state.x = (width - size.width * state.scale) / 2;
    state.y = Math.max(14, (height - size.height * state.scale) / 2);
    place();
  };
  const zoom = (factor, x = svg.clientWidth / 2, y = svg.clientHeight / 2) => {
    const next = Math.max(0.05, Math.min(4, state.scale * factor));
    state.x = x - ((x - state.x) * next) / state.scale;
    state.y = y - ((y - state.y) * next) / state.scale;
    state.scale = next;
    place();
  };
  const show = (id) => {
    const item = boxes.get(id)?.item;
    if (!item) return;
    const x = item.x * state.scale + state.x, y = item.y * state.scale + state.y;
    const width = WIDTH * state.scale;
    if (x < 10 || x + width > svg.clientWidth - 10 || y < 30 || y > svg.clientHeight - 30 || state.scale < 0.6) {
      state.scale = Math.max(state.scale, 0.8);
      state.x = svg.clientWidth / 2 - (item.x + WIDTH / 2) * state.scale;
      state.y = svg.clientHeight / 2 - item.y * state.scale;
      place();
    }
  };
  svg.addEventListener("wheel", (event) => {
    event.preventDefault();
    const { left, top } = svg.getBoundingClientRect();
    zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.03 : 0.0015)), event.clientX - left, event.clientY - top);
  }, { passive: false });
  const pointers = new Map();
  let moved = false;
  svg.addEventListener("pointerdown", (event) => { pointers.set(event.pointerId, event); moved = false; });
  window.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const [dx, dy] = [event.clientX - before.clientX, event.clientY - before.clientY];
    if (!moved && Math.hypot(dx, dy) < 4) return;
    moved = true;
    svg.classList.add("moving");
    const other = [...pointers.values()].find((one) => one.pointerId !== event.pointerId);
    if (other) {
      const { left, top } = svg.getBoundingClientRect();
      const distance = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) || 1;
      zoom(distance(event) / distance(before), other.clientX - left, other.clientY - top);
    } else {
      state.x += dx;
      state.y += dy;
      place();
    }
    pointers.set(event.pointerId, event);
  });
  const lift = (event) => { pointers.delete(event.pointerId); svg.classList.remove("moving"); };
  window.addEventListener("pointerup", lift);
  window.addEventListener("pointercancel", lift);
  // A drag that ends on a box is no click on it.
  svg.addEventListener("click", (event) => {
    if (moved) { event.stopPropagation(); moved = false; } else if (event.target === svg || event.target.closest(".lane")) pick(null);
  }, true);

  // --- The panel -----------------------------------------------------------------------------------
  const pick = (what, focus) => {
    state.picked = what;
    panel.replaceChildren();
    const wasHidden = panel.hidden;
    panel.hidden = !what;
    if (what) {
      panel.append(el("button", { class: "close", type: "button", "aria-label": "Close", on: { click: () => pick(null) } }, "×"));
      if (what.box) boxPanel(what.box);
      else if (what.edge) edgePanel(what.edge);
      else {
        const arrow = arrows.find((one) => one.key === what.arrow);
        if (arrow && arrow.edges.length === 1) edgePanel(arrow.edges[0]);
        else if (arrow) arrowPanel(arrow);
      }
      panel.scrollTop = 0;
      if (focus) panel.focus();
    }
    if (wasHidden !== panel.hidden && fitted()) fit();
    mark();
  };
  // Whether the view still shows all, so that it is kept so when the panel comes and goes.
  let touched = false;
  const fitted = () => !touched;
  svg.addEventListener("wheel", () => { touched = true; }, { passive: true });
  window.addEventListener("pointermove", () => { if (moved) touched = true; });

  const placeText = (place) => `${place.file}:${place.line}`;
  const boxPanel = (id) => {
    const box = boxes.get(id);
    if (!box) return;
    panel.append(el("h2", {}, box.name));
    if (box.group) {
      panel.append(el("p", { class: "soft" }, "Connected alike, so drawn as one."));
      panel.append(el("p", {}, el("button", { type: "button", on: { click: () => toggle(box.group.id, true) } }, "Draw each by itself")));
      findingsOf(box.findings);
      panel.append(el("h3", {}, "Members"));
      links(box.members.map((node) => ({
        color: NODE_COLOR[node.kind], text: node.name, more: node.findings.length ? plural(node.findings.length, "finding") : "",
        go: () => { toggle(box.group.id, true); pick({ box: node.id }, true); show(node.id); },
      })));
    } else {
      const node = box.members[0];
      panel.append(el("p", {}, node.detail));
      if (node.file) panel.append(el("p", { class: "soft" }, placeText(node)));
      const group = groupOf.get(node.id);
      if (group) panel.append(el("p", {}, el("button", { type: "button", on: { click: () => toggle(group, false) } }, `Draw as one: ${groups.get(group).name}`)));
      findingsOf(node.findings);
      if (node.parts.length) {
        panel.append(el("h3", {}, node.kind === "system" ? "Known as" : "Entry points"));
        panel.append(el("ul", {}, ...node.parts.map((part) => el("li", { class: "soft" }, part))));
      }
    }
    const list = (title, chosen, other) => {
      if (!chosen.length) return;
      panel.append(el("h3", {}, title));
      links(chosen.map((arrow) => ({
        color: COLOR[arrow.kind], text: `${name(arrow[other])} · ${KINDS.get(arrow.kind).toLowerCase()}`,
        more: arrow.findings.length ? plural(arrow.findings.length, "finding") : "", go: () => pick({ arrow: arrow.key }, true),
      })));
    };
    list("Leads to", arrows.filter((arrow) => arrow.from === id), "to");
    list("Comes from", arrows.filter((arrow) => arrow.to === id), "from");
  };
  const links = (items) => panel.append(el("ul", { class: "links" }, ...items.map((item) =>
    el("li", {}, el("button", { type: "button", on: { click: item.go } },
      tint(el("i"), item.color), el("span", {}, item.text), el("em", {}, item.more))))));
  const arrowPanel = (arrow) => {
    panel.append(el("h2", {}, `${name(arrow.from)} → ${name(arrow.to)}`));
    panel.append(el("p", {}, `${KINDS.get(arrow.kind)}, ${plural(arrow.edges.length, "connection")}`));
    links(arrow.edges.map((edge) => ({
      color: COLOR[edge.kind], text: `${nodes.get(edge.from).name} → ${nodes.get(edge.to).name}`,
      more: edge.findings.length ? plural(edge.findings.length, "finding") : "", go: () => pick({ edge }, true),
    })));
  };
  const edgePanel = (edge) => {
    panel.append(el("h2", {}, `${nodes.get(edge.from).name} → ${nodes.get(edge.to).name}`));
    panel.append(el("p", {}, KINDS.get(edge.kind)));
    panel.append(el("p", { class: "soft" }, [edge.pattern ? `Pattern ${edge.pattern}` : "", plural(edge.places, "place")].filter(Boolean).join(" · ")));
    findingsOf(edge.findings);
    if (edge.path.length) {
      panel.append(el("h3", {}, edge.path.length > 1 ? "One way through the code" : "Where"));
      panel.append(steps(edge.path));
    }
  };
  const findingsOf = (list) => {
    if (!list.length) return;
    panel.append(el("h3", {}, plural(list.length, "finding")));
    const sorted = [...list].sort((a, b) => RANK[map.findings[b].severity] - RANK[map.findings[a].severity] || a - b);
    for (const id of sorted) {
      const finding = map.findings[id];
      panel.append(el("div", { class: `finding ${finding.severity}` },
        el("p", {}, el("b", {}, finding.severity), ` ${finding.title || finding.rule}`),
        el("p", {}, ...ticks(finding.message)),
        el("p", { class: "soft" }, `${finding.rule} · ${placeText(finding)}`),
        finding.path.length
          ? el("details", {}, el("summary", {}, `Path, ${plural(finding.path.length, "step")}`), steps(finding.path))
          : snippet(finding)));
    }
  };
  // Words between backticks are code.
  const ticks = (text) => text.split("`").map((part, index) => (index % 2 ? el("code", {}, part) : part));
  const steps = (path) => el("ol", { class: "steps" }, ...path.map((step) =>
    el("li", {}, el("div", {}, ...ticks(step.label)), el("div", { class: "soft" }, placeText(step)), snippet(step))));
  const snippet = ({ file, line }) => {
    const lines = Object.entries(code[file] || {}).map(([number, text]) => [Number(number), text])
      .filter(([number]) => Math.abs(number - line) <= 1).sort((a, b) => a[0] - b[0]);
    if (!lines.length) return null;
    const indent = Math.min(...lines.filter(([, text]) => text.trim()).map(([, text]) => text.length - text.trimStart().length));
    return el("pre", {}, ...lines.map(([number, text]) =>
      el("span", { class: number === line ? "here" : undefined }, el("i", {}, String(number)), text.slice(Number.isFinite(indent) ? indent : 0))));
  };

  // --- Search, filters, keys -----------------------------------------------------------------------
  const hits = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    return map.nodes.filter((node) => {
      const text = [node.name, node.detail, node.file || "", ...node.parts].join("\n").toLowerCase();
      return words.every((word) => text.includes(word));
    });
  };
  let chosen = 0;
  const suggest = () => {
    const list = search.value.trim() ? hits().slice(0, 14) : [];
    chosen = Math.max(0, Math.min(chosen, list.length - 1));
    matches.replaceChildren(...list.map((node, index) => el("li", {
      role: "option", "aria-selected": String(index === chosen), on: { mousedown: (event) => { event.preventDefault(); choose(node); } },
    }, node.name, el("small", {}, node.detail))));
    matches.hidden = !list.length;
    search.setAttribute("aria-expanded", String(Boolean(list.length)));
    mark();
    return list;
  };
  const choose = (node) => {
    matches.hidden = true;
    search.setAttribute("aria-expanded", "false");
    const group = groupOf.get(node.id);
    if (group && !state.open.has(group)) toggle(group, true);
    pick({ box: node.id });
    show(node.id);
  };
  search.addEventListener("input", () => { chosen = 0; suggest(); });
  search.addEventListener("focus", suggest);
  search.addEventListener("blur", () => { matches.hidden = true; });
  search.addEventListener("keydown", (event) => {
    const list = search.value.trim() ? hits().slice(0, 14) : [];
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      chosen = (chosen + (event.key === "ArrowDown" ? 1 : list.length - 1)) % Math.max(1, list.length);
      suggest();
    } else if (event.key === "Enter" && list[chosen]) choose(list[chosen]);
    else if (event.key === "Escape") { search.value = ""; suggest(); svg.focus(); event.stopPropagation(); }
  });
  const toggle = (group, open) => {
    if (open) state.open.add(group); else state.open.delete(group);
    state.picked = null;
    panel.hidden = true;
    render(fitted());
  };
  byId("groups").addEventListener("click", () => {
    state.open = new Set(state.open.size ? [] : groups.keys());
    pick(null);
    touched = false;
    render(true);
  });
  byId("severity").addEventListener("change", (event) => { state.severity = event.target.value; pick(null); render(true); });
  byId("in").addEventListener("click", () => { touched = true; zoom(1.25); });
  byId("out").addEventListener("click", () => { touched = true; zoom(0.8); });
  byId("fit").addEventListener("click", () => { touched = false; fit(); });
  const theme = byId("theme");
  const dark = () => {
    const set = document.documentElement.dataset.theme;
    return set ? set === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches;
  };
  const tell = () => {
    theme.setAttribute("aria-pressed", String(dark()));
    theme.textContent = dark() ? "Light" : "Dark";
    theme.setAttribute("aria-label", dark() ? "Use light colours" : "Use dark colours");
  };
  theme.addEventListener("click", () => { document.documentElement.dataset.theme = dark() ? "light" : "dark"; tell(); });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", tell);
  tell();
  const legend = byId("legend");
  for (const [kind, title] of KINDS) {
    const count = map.edges.filter((edge) => edge.kind === kind).length;
    if (!count) continue;
    const line = draw("svg", { viewBox: "0 0 26 8", "aria-hidden": "true" }, draw("path", {
      d: "M0,4H20", stroke: `var(${COLOR[kind]})`, "stroke-width": INTERNAL.has(kind) ? 1.2 : 2, "stroke-dasharray": INTERNAL.has(kind) ? "4 3" : "none",
    }), draw("path", { d: "M26,4l-7,-3.6v7.2z", fill: `var(${COLOR[kind]})` }));
    const box = el("input", { type: "checkbox", checked: "", "data-kind": kind });
    box.addEventListener("change", () => {
      if (box.checked) state.kinds.add(kind); else state.kinds.delete(kind);
      pick(null);
      render(true);
    });
    legend.append(el("label", {}, box, line, title, el("b", {}, String(count))));
  }
  legend.hidden = !map.edges.length;
  document.addEventListener("keydown", (event) => {
    if (event.target.matches("input, select, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
    const pan = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
    if (event.key === "/") { event.preventDefault(); search.focus(); search.select(); }
    else if (event.key === "Escape") {
      const left = state.picked?.box;
      pick(null);
      [...svg.querySelectorAll(".node")].find((part) => part.getAttribute("data-id") === left)?.focus();
    }
    else if (event.key === "+" || event.key === "=") { touched = true; zoom(1.25); }
    else if (event.key === "-") { touched = true; zoom(0.8); }
    else if (event.key === "0") { touched = false; fit(); }
    else if (pan && svg.contains(event.target)) { event.preventDefault(); touched = true; state.x += pan[0]; state.y += pan[1]; place(); }
  });
  window.addEventListener("resize", () => { if (fitted()) fit(); });
  render(true);
})();
