// The few pictures of the console, drawn as paths: no font, no file.
import { s } from "./dom.js";

const PATHS = {
  start: "M5 3l9 5-9 5z",
  stop: "M4 4h8v8H4z",
  restart: "M13 3v4H9M13 7A5.5 5.5 0 1 0 13.5 9.5",
  signal: "M8 2L3 9h4l-1 5 6-8H8z",
  pause: "M4 3h3v10H4zM9 3h3v10H9z",
  close: "M4 4l8 8M12 4l-8 8",
  menu: "M2 4h12M2 8h12M2 12h12",
};

export function icon(name) {
  const filled = ["start", "stop", "signal", "pause"].includes(name);
  const path = s("path", { d: PATHS[name], class: filled ? "filled" : "drawn" });
  return s("svg", { viewBox: "0 0 16 16", width: "14", height: "14", class: "icon", "aria-hidden": "true" }, path);
}
