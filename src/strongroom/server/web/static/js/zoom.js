// A picture or page that is looked at closely: buttons, + and -, the wheel, two fingers, and dragging.

const MOST = 12;
const STEP = 1.4;

function button(label, text, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.setAttribute("aria-label", label);
  made.title = label;
  made.addEventListener("click", act);
  return made;
}

class Stage {
  constructor(figure) {
    this.figure = figure;
    this.plate = figure.querySelector(".plate");
    this.scale = 1;
    this.x = 0;
    this.y = 0;
    this.fingers = new Map();
    figure.tabIndex = 0;
    figure.setAttribute("role", "group");
    figure.setAttribute("aria-label", "Picture; + and - zoom, 0 fits it, arrows move it");
    this.#buttons();
    figure.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    figure.addEventListener("keydown", (event) => this.#key(event));
    this.plate.addEventListener("dblclick", (event) => this.#to(this.scale > 1 ? 1 : 2.5, event.clientX, event.clientY));
    this.plate.addEventListener("pointerdown", (event) => this.#down(event));
    this.plate.addEventListener("pointermove", (event) => this.#move(event));
    for (const kind of ["pointerup", "pointercancel"]) this.plate.addEventListener(kind, (event) => this.#up(event));
    this.plate.addEventListener("dragstart", (event) => event.preventDefault());
  }

  #buttons() {
    const bar = document.createElement("div");
    bar.className = "zoom";
    const by = (factor) => () => this.#to(this.scale * factor);
    bar.append(button("Smaller", "−", by(1 / STEP)), button("Fit", "Fit", () => this.#to(1)), button("Larger", "+", by(STEP)));
    this.figure.append(bar);
  }

  /** Show at a scale, with the point under the pointer (or the middle) kept where it is. */
  #to(scale, clientX, clientY) {
    const box = this.figure.getBoundingClientRect();
    const px = (clientX ?? box.left + box.width / 2) - box.left;
    const py = (clientY ?? box.top + box.height / 2) - box.top;
    const next = Math.min(Math.max(scale, 1), MOST);
    const factor = next / this.scale;
    this.x = px - (px - this.x) * factor;
    this.y = py - (py - this.y) * factor;
    this.scale = next;
    this.#draw();
  }

  #draw() {
    const { clientWidth: width, clientHeight: height } = this.figure;
    const wide = this.plate.offsetWidth * this.scale;
    const high = this.plate.offsetHeight * this.scale;
    this.x = Math.min(0, Math.max(this.x, width - Math.max(wide, width)));
    this.y = Math.min(0, Math.max(this.y, height - Math.max(high, height)));
    const zoomed = this.scale > 1.001;
    this.figure.classList.toggle("zoomed", zoomed);
    this.plate.style.transform = zoomed ? `translate(${this.x}px, ${this.y}px) scale(${this.scale})` : "";
    if (!zoomed) this.x = this.y = 0;
  }

  #wheel(event) {
    const mine = event.ctrlKey || this.scale > 1 || this.figure.contains(document.activeElement);
    if (!mine || (this.scale === 1 && event.deltaY > 0 && !event.ctrlKey)) return;
    event.preventDefault();
    this.#to(this.scale * Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.002)), event.clientX, event.clientY);
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const zoom = { "+": STEP, "=": STEP, "-": 1 / STEP }[event.key];
    const move = { ArrowLeft: [80, 0], ArrowRight: [-80, 0], ArrowUp: [0, 80], ArrowDown: [0, -80] }[event.key];
    if (zoom) this.#to(this.scale * zoom);
    else if (event.key === "0") this.#to(1);
    else if (move && this.scale > 1) this.#shift(...move);
    else return;
    event.preventDefault();
  }

  #shift(x, y) {
    this.x += x;
    this.y += y;
    this.#draw();
  }

  #down(event) {
    if (event.button) return;
    this.figure.focus({ preventScroll: true });
    this.fingers.set(event.pointerId, event);
    if (this.scale > 1 || this.fingers.size > 1) this.plate.setPointerCapture(event.pointerId);
  }

  #move(event) {
    const before = this.fingers.get(event.pointerId);
    if (!before) return;
    const other = [...this.fingers.values()].find((one) => one.pointerId !== event.pointerId);
    this.fingers.set(event.pointerId, event);
    if (other) {
      const apart = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
      const middle = [(event.clientX + other.clientX) / 2, (event.clientY + other.clientY) / 2];
      this.#to((this.scale * apart(event)) / Math.max(1, apart(before)), ...middle);
    } else if (this.scale > 1) {
      this.#shift(event.clientX - before.clientX, event.clientY - before.clientY);
    }
  }

  #up(event) {
    this.fingers.delete(event.pointerId);
  }
}

export function stage(figure) {
  return new Stage(figure);
}
