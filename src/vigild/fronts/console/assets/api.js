// The daemon's JSON interface. Everything that acts is a POST with a JSON body, which no other site can send.

import { problemWords } from "./said.js";

const BASE = "/api/v1";

export class ApiError extends Error {
  constructor(status, problem) {
    super(problemWords(problem) || `HTTP ${status}`);
    this.status = status;
    this.code = problem.code || "";
    this.title = problem.title || "";
    this.detail = problem.detail || "";
  }
}

let onUnauthorized = () => {};
export function whenUnauthorized(callback) {
  onUnauthorized = callback;
}

async function answer(response) {
  if (response.status === 204) return null;
  const isJson = (response.headers.get("Content-Type") || "").includes("json");
  const body = isJson ? await response.json() : {};
  if (response.ok) return body;
  if (response.status === 401) onUnauthorized();
  throw new ApiError(response.status, body);
}

export async function get(path, parameters = {}, signal = undefined) {
  const query = new URLSearchParams(parameters).toString();
  return answer(await fetch(`${BASE}${path}${query ? "?" + query : ""}`, { cache: "no-store", signal, headers: { Accept: "application/json" } }));
}

export async function send(method, path, body = {}) {
  const headers = { "Content-Type": "application/json" };
  return answer(await fetch(`${BASE}${path}`, { method, headers, body: JSON.stringify(body) }));
}

export const post = (path, body) => send("POST", path, body);

export function urlOf(path, parameters = {}) {
  const query = new URLSearchParams(parameters).toString();
  return `${BASE}${path}${query ? "?" + query : ""}`;
}

export const at = (name) => encodeURIComponent(name);
