// The charge as it runs: asks for its state each second and shows it; ends with the receipt.
(() => {
  const { state: address, symbol, language } = document.currentScript.dataset;
  const words = JSON.parse(document.getElementById("words").textContent);
  const at = (id) => document.getElementById(id);
  const say = (key, values = {}) =>
    Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, value), words[key]);
  const put = (id, text) => { if (at(id).textContent !== text) at(id).textContent = text; };
  const show = (id, visible) => { at(id).hidden = !visible; };

  const clock = (seconds) => {
    const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
    const two = (n) => String(n).padStart(2, "0");
    return h ? `${h}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}`;
  };

  const dial = (state) => {
    const share = Math.round((state.share || 0) * 1000) / 10;
    at("share").style.visibility = share ? "visible" : "hidden";
    at("share").style.strokeDasharray = `${share} 100`;
    const counts = state.remaining_s !== null && state.remaining_s !== undefined;
    put("caption", counts ? say(state.amount_paid ? "remaining_about" : "remaining") : "");
    put("big", counts ? clock(state.remaining_s) : "");
    document.body.classList.toggle("counting", counts);
  };

  const figures = (state) => {
    put("power", state.power_w === null ? "–" : (state.power_w / 1000).toFixed(2));
    put("energy", state.energy_kwh);
    put("cost", state.cost);
    put("elapsed", clock(state.elapsed_s));
    put("paid", state.amount_paid ? `${say("paid")} ${symbol}${state.amount_paid}` : "");
  };

  const cell = (row, text, kind) => {
    const td = document.createElement("td");
    td.textContent = text;
    if (kind) td.className = kind;
    row.append(td);
  };

  const minutes = (state) => {
    show("minutes", state.minutes.length > 0);
    put("count", String(state.minutes.length));
    if (at("rows").childElementCount === state.minutes.length) return;
    const rows = state.minutes.map((minute) => {
      const row = document.createElement("tr");
      cell(row, minute.time);
      cell(row, `${minute.energy_kwh} ${words.kwh}`);
      cell(row, `${symbol}${minute.cost}`);
      cell(row, minute.verified ? "✓" : "!", minute.verified ? "good" : "bad");
      row.title = `T${minute.page} · ${minute.verified ? words.verified : words.not_verified}`;
      return row;
    });
    at("rows").replaceChildren(...rows.reverse());
  };

  const line = (name, value, kind, quantity) => {
    const [div, dt, dd, small] = ["div", "dt", "dd", "small"].map((tag) => document.createElement(tag));
    dt.textContent = name;
    if (quantity) { small.textContent = quantity; dt.append(small); }
    dd.textContent = value;
    if (kind) div.className = kind;
    div.append(dt, dd);
    return div;
  };

  const receipt = (state) => {
    const bill = state.receipt;
    const nothing = bill.settled && Number(bill.total) === 0;
    document.body.dataset.result = bill.settled ? (nothing ? "nothing" : "settled") : "review";
    put("headline", nothing ? words.receipt_none : bill.settled ? bill.charged_texts[language] : words.receipt_review);
    put("hint", nothing ? words.receipt_none_hint : bill.settled ? `${words.end_reason} · ${state.ended_by[language]}` : words.receipt_review_hint);
    show("bill", !nothing);
    const good = bill.settled && state.minutes.length > 0;
    put("seal", good ? say("all_verified", { n: state.minutes.length + 1 }) : "");
    const costs = ["energy", "time", "idle", "fixed", "adjust"].filter((name) => bill.costs[name]);
    const quantities = { energy: `${state.energy_kwh} ${words.kwh}`, time: clock(state.elapsed_s) };
    at("lines").replaceChildren(
      ...costs.map((name) => line(words[`cost_${name}`], symbol + bill.costs[name], "", quantities[name])),
      line(bill.settled ? words.total : words.total_review, symbol + bill.total, "total"),
      ...(state.refund && Number(state.refund) > 0 ? [line(say("refund", { amount: symbol + state.refund }), "✓", "refund")] : []),
    );
  };

  const draw = (state) => {
    const { phase } = state;
    document.body.dataset.phase = phase;
    show("offline", !state.connected && phase !== "receipt" && phase !== "refused");
    show("stopping", ["plug_in", "waiting", "charging", "paused"].includes(phase));
    show("tiles", ["charging", "paused", "stopping"].includes(phase) && state.energy_kwh !== undefined);
    put("stop", ["plug_in", "waiting"].includes(phase) ? words.cancel : words.stop);
    dial(state);
    if (state.energy_kwh !== undefined) { figures(state); minutes(state); }
    if (phase === "receipt") return receipt(state);
    if (phase === "refused") {
      put("headline", words[state.reason]);
      put("hint", words[`${state.reason}_hint`]);
      return;
    }
    put("headline", words[`phase_${phase}`]);
    put("hint", words[`phase_${phase}_hint`]);
  };

  const poll = async () => {
    let over = false;
    try {
      const state = await (await fetch(address, { cache: "no-store" })).json();
      draw(state);
      over = state.phase === "receipt" || state.phase === "refused";
    } catch {
      show("offline", true);
    }
    if (!over) setTimeout(poll, 1000);
  };

  draw(JSON.parse(at("first").textContent));
  setTimeout(poll, 300);
})();
