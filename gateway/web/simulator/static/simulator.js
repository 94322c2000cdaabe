// Three phones and the desk. The page asks once a second what there is, and draws what has changed.

const setting = JSON.parse(document.getElementById("setting").textContent);
const words = setting.words;
const people = new Map(setting.people.map((person) => [person.number, person]));
const USSD_ADDRESS = "../webhooks/africastalking/ussd"; // what that provider would call
const EVERY_MS = 1000;
const NAMED = ["NIA", "AGZ", "ASM", "ARL", "ZDR", "MRD", "THA", "DFA", "DRK", "GAY", "MDM"];
// The roads that people take, by the codes of the points on them: they make dots into a map.
const ROADS = [
  "MKL TRD NIA DSO DTC KNI THA ABK AGZ ARL ASM",
  "AYR TLB NIA",
  "DSO GAY",
  "AGZ DRK SGD MDM",
  "KNI MDA MRD ZDR DFA NGM",
  "MRD DNS",
  "ZDR TNT AGZ",
  "ZDR MGR",
].map((road) => road.split(" "));

const say = (key, values = {}) => (words[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
const make = (tag, className = "", text = "") => {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
};
const HOURS = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: setting.timezone };
const clock = (iso) => new Date(iso).toLocaleTimeString(setting.language, HOURS);

let state = { texts: [], reports: [] };
const seen = new Map(); // number -> how many texts it had when somebody looked

// ---- phones

class Phone {
  constructor(number) {
    this.root = document.getElementById("phone").content.firstElementChild.cloneNode(true);
    this.find = (selector) => this.root.querySelector(selector);
    this.ussd = null;
    this.drawn = "";
    this.usedAt = 0;
    const whose = this.find(".whose select");
    for (const person of people.values()) whose.add(new Option(person.name, person.number));
    whose.addEventListener("change", () => this.give(whose.value));
    this.find(".write").addEventListener("submit", (event) => this.send(event));
    this.find("textarea").addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey) this.send(event);
    });
    this.find(".dial").textContent = say("dial", { code: setting.ussd });
    this.find(".dial").addEventListener("click", () => this.dial());
    this.find(".ussd").addEventListener("submit", (event) => this.answer(event));
    this.find(".ussd .quiet").addEventListener("click", () => this.hangUp());
    this.give(number);
  }

  give(number) {
    this.person = people.get(number);
    this.usedAt = performance.now();
    this.drawn = "";
    this.hangUp();
    this.find(".whose select").value = number;
    this.find(".number").replaceChildren(make("span", "", number), make("span", "", this.person.post));
    this.find(".line").value = this.person.line === setting.lines.hotline ? "hotline" : "agents";
    drawAll();
  }

  draw() {
    const texts = state.texts.filter((text) => text.phone === this.person.number);
    seen.set(this.person.number, arrived(this.person.number));
    const looks = JSON.stringify(texts);
    if (looks === this.drawn) return;
    const came = (text) => !text.out && text.state !== "withheld";
    if (this.drawn && texts.filter(came).length > JSON.parse(this.drawn).filter(came).length) this.ring();
    this.drawn = looks;
    const thread = this.find(".thread");
    thread.replaceChildren(...(texts.length ? texts.map(bubble) : [make("li", "none", say("empty"))]));
    thread.scrollTop = thread.scrollHeight;
    this.drawExamples(texts);
  }

  ring() {
    this.root.classList.remove("rings");
    void this.root.offsetWidth; // lets the animation begin again
    this.root.classList.add("rings");
  }

  drawExamples(texts) {
    const examples = this.find(".examples");
    examples.replaceChildren();
    const add = (text, className = "", label = text) => {
      const button = make("button", className, label);
      button.type = "button";
      button.addEventListener("click", () => this.write(text));
      examples.append(button);
    };
    if (this.person.role === "officer") {
      for (const code of openCodes(texts)) add(code, "reply", say("reply", { code }));
    }
    for (const text of examplesOf(this.person)) add(text);
    if (this.person.role === "caller") examples.append(make("p", "", say("silent")));
  }

  write(text) {
    const box = this.find("textarea");
    box.value = text;
    box.focus();
  }

  async send(event) {
    event.preventDefault();
    const box = this.find("textarea");
    if (!box.value.trim()) return box.focus();
    const body = { from: this.person.number, to: setting.lines[this.find(".line").value], text: box.value };
    const sent = await fetch("texts", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    }).catch(() => null);
    if (!sent || sent.status >= 500) return trouble("gone");
    if (!sent.ok) return trouble("refused");
    box.value = "";
    await look();
  }

  // ---- USSD: the phone and its operator, as Africa's Talking speaks for them

  dial() {
    this.ussd = { session: crypto.randomUUID?.() ?? `s-${Date.now()}-${Math.random()}`, typed: [] };
    return this.step();
  }

  answer(event) {
    event.preventDefault();
    if (!this.ussd || this.ussd.ended) return this.hangUp();
    const box = this.find(".ussd input");
    this.ussd.typed.push(box.value.trim());
    return this.step();
  }

  async step() {
    const { session, typed } = this.ussd;
    const form = new URLSearchParams({
      sessionId: session,
      serviceCode: setting.ussd,
      phoneNumber: this.person.number,
      networkCode: "99999",
      text: typed.join("*"),
    });
    this.find(".ussd button:not(.quiet)").disabled = true;
    const reply = await fetch(USSD_ADDRESS, { method: "POST", body: form }).catch(() => null);
    const screen = reply?.ok ? await reply.text() : "";
    const [, verb, menu] = /^(CON|END) ([^]*)$/.exec(screen) ?? [null, "END", say("ussd_failed")];
    if (this.ussd?.session !== session) return;
    this.ussd.ended = verb === "END";
    this.find(".ussd").hidden = false;
    this.find(".menu").textContent = menu;
    const box = this.find(".ussd input");
    box.value = "";
    box.hidden = this.ussd.ended;
    const button = this.find(".ussd button:not(.quiet)");
    button.hidden = this.ussd.ended;
    button.disabled = false;
    (this.ussd.ended ? this.find(".ussd .quiet") : box).focus();
    if (this.ussd.ended) await look();
  }

  hangUp() {
    this.ussd = null;
    this.find(".ussd").hidden = true;
  }
}

function bubble(text) {
  if (text.state === "withheld") {
    return make("li", "withheld", say("withheld", { why: text.error ?? "" }));
  }
  const item = make("li", text.out ? "out" : "in", text.text);
  item.dataset.id = text.id;
  const parts = text.segments > 1 ? [say("segments", { n: text.segments })] : [];
  const line = text.line === setting.lines.hotline ? [say("hotline")] : [];
  const told = [clock(text.at), ...line, say(text.state, { why: text.error ?? "" }), ...parts];
  item.append(make("small", ["failed", "dead"].includes(text.state) ? "bad" : "", told.join(" · ")));
  return item;
}

// The four digits of alerts that this officer has not answered: the newest first.
function openCodes(texts) {
  const codes = new Set();
  for (const text of texts) {
    const digits = /(?<!\d)\d{4}(?!\d)/.exec(text.text);
    if (digits && !text.out) codes.add(digits[0]);
    if (digits && text.out) codes.delete(digits[0]);
  }
  return [...codes].reverse().slice(0, 3);
}

function examplesOf(person) {
  if (person.role === "agent") {
    return [`RPZ ${person.post} 647 H590 F32`, `SOS ${person.post} 12 pers`, `MNA ${person.post} 3`, `RAS ${person.post}`];
  }
  if (person.role === "caller") return ["Aidez moi", "taimako, muna kulle", "on a soif, 20 pers", "STOP"];
  return [];
}

const arrived = (number) => state.texts.filter((text) => text.phone === number && !text.out && text.state !== "withheld").length;

// ---- who there is

function drawPeople() {
  const groups = [["agent", "agents"], ["officer", "officers"], ["caller", "callers"]].map(([role, title]) => {
    const group = make("div");
    group.append(make("span", "role", say(title)));
    for (const person of people.values()) if (person.role === role) group.append(chip(person));
    return group;
  });
  document.getElementById("people").replaceChildren(...groups);
}

function chip(person) {
  const button = make("button", "", person.name);
  button.type = "button";
  button.title = person.number;
  button.setAttribute("aria-pressed", phones.some((phone) => phone.person === person));
  const fresh = arrived(person.number) - (seen.get(person.number) ?? 0);
  if (fresh > 0) {
    const badge = make("span", "new", String(fresh));
    badge.title = say("new", { n: fresh });
    button.append(badge);
  }
  button.addEventListener("click", () => {
    const held = phones.find((phone) => phone.person === person);
    const phone = held ?? phones.reduce((oldest, one) => (one.usedAt < oldest.usedAt ? one : oldest));
    if (!held) phone.give(person.number);
    phone.root.scrollIntoView({ block: "nearest", inline: "center" });
    phone.find("textarea").focus();
  });
  return button;
}

// ---- the desk

const SERVICES = ["correction", "cancel", "addition", "help", "stop"]; // no code and no place: nothing is amiss

function drawReports() {
  const items = state.reports.map((report) => {
    const item = make("li");
    item.append(make("span", `dot s${report.severity ?? 4}`));
    const service = SERVICES.includes(report.kind);
    const what = report.code ? `${report.code} · ${report.label}` : say(service ? report.kind : "not_understood");
    item.append(make("strong", "", what));
    const alert = report.alert ?? "no_alert";
    item.append(make("span", `state ${alert}`, say(alert, { who: report.taken_by ?? "" })));
    const total = report.people.total;
    const told = [
      clock(report.at),
      report.reference,
      ...(service ? [] : [report.place?.name ?? say("no_place")]),
      ...(total === undefined ? [] : [say("people", { n: total })]),
      ...(report.line === "hotline" ? [say("hotline")] : []),
      ...(report.state === "asked" ? [say("asked")] : []),
    ];
    item.append(make("small", "", told.join(" · ")));
    return item;
  });
  document.getElementById("reports").replaceChildren(...(items.length ? items : [make("li", "none", say("no_reports"))]));
}

const svg = (tag, attributes) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};
const SCALE = 32; // pixels a degree
const bounds = {
  west: Math.min(...setting.points.map((point) => point.lon)) - 0.6,
  east: Math.max(...setting.points.map((point) => point.lon)) + 1.6,
  south: Math.min(...setting.points.map((point) => point.lat)) - 0.5,
  north: Math.max(...setting.points.map((point) => point.lat)) + 0.5,
};
const narrower = Math.cos((((bounds.north + bounds.south) / 2) * Math.PI) / 180);
const across = (lon) => (lon - bounds.west) * SCALE * narrower;
const down = (lat) => (bounds.north - lat) * SCALE;

function drawMap() {
  const map = document.getElementById("map");
  map.setAttribute("viewBox", `0 0 ${across(bounds.east)} ${down(bounds.south)}`);
  map.replaceChildren();
  const where = new Map(setting.points.map((point) => [point.code, `${across(point.lon)},${down(point.lat)}`]));
  for (const road of ROADS) {
    map.append(svg("polyline", { class: "road", points: road.map((code) => where.get(code) ?? "").join(" ") }));
  }
  const names = []; // drawn last: a mark must not hide a name
  for (const point of setting.points) {
    const dot = svg("circle", { class: "point", cx: across(point.lon), cy: down(point.lat), r: 2.5 });
    dot.append(title(point.name));
    map.append(dot);
    if (NAMED.includes(point.code)) {
      const label = svg("text", { x: across(point.lon) + 5, y: down(point.lat) + 4 });
      label.textContent = point.name;
      names.push(label);
    }
  }
  for (const report of [...state.reports].reverse()) {
    const place = report.place;
    if (place?.lat == null || place.lon == null || report.severity == null) continue;
    const mark = svg("circle", {
      class: `incident s${report.severity} ${report.alert ?? ""}`,
      cx: across(place.lon),
      cy: down(place.lat),
      r: 6 + 2.5 * Math.log10(1 + (report.people.total ?? 0)),
    });
    mark.append(title(`${report.code} ${place.name} ${report.people.total ?? ""}`));
    map.append(mark);
  }
  map.append(...names);
}

const title = (words_) => {
  const element = svg("title", {});
  element.textContent = words_;
  return element;
};

// ---- all of it

function trouble(key) {
  const box = document.getElementById("trouble");
  box.hidden = !key;
  box.textContent = key ? say(key) : "";
}

function drawAll() {
  for (const phone of phones) phone.draw();
  drawPeople();
}

let asking = false;
let drawn = "";
async function look() {
  if (asking) return;
  asking = true;
  try {
    const answer = await fetch(`now.json?lang=${setting.language}`);
    const now = await answer.json();
    if (!answer.ok) return trouble(now.error in words ? now.error : "gone");
    trouble("");
    const looks = JSON.stringify([now.texts, now.reports]);
    if (looks === drawn) return;
    drawn = looks;
    state = now;
    drawAll();
    drawReports();
    drawMap();
  } catch {
    trouble("gone");
  } finally {
    asking = false;
  }
}

const phones = [];
for (const role of ["agent", "officer", "caller"]) {
  const first = setting.people.find((person) => person.role === role);
  phones.push(new Phone(first.number));
}
document.getElementById("phones").append(...phones.map((phone) => phone.root));
drawAll();
drawReports();
drawMap();
await look();
setInterval(look, EVERY_MS);
