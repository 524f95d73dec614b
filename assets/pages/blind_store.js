// Keeps the reader's answers of blind reading in this tab: a text that Python signed, in sessionStorage.  It is
// never read here, and holds nothing of the truth.  After a reload the new session is told what is kept.

const KEY = "cesm blind reading";
const RETRY_MS = 5000; // then a report that was not answered is taken for lost

let session = null; // the name of the session that `kept` and `reportedAt` belong to
let kept = null; // the text of that session that is in the store
let reportedAt = 0;

// The store may be switched off, full, or hold what another page of this origin wrote.
function stored(limit) {
  try {
    const text = sessionStorage.getItem(KEY) || "";
    return text.length <= limit ? text : "";
  } catch { return ""; }
}

function keep(text) {
  try {
    if (text) sessionStorage.setItem(KEY, text); else sessionStorage.removeItem(KEY);
    kept = text;
  } catch { /* the readings then last as long as the session */ }
}

export default function (component) {
  const { data } = component, now = Date.now();
  if (data.session !== session) [session, kept, reportedAt] = [data.session, null, 0];
  const text = stored(data.limit);
  // Before a session knows what is kept of an earlier one, that is not written over.
  if (data.reported || !text || text === kept) {
    if (data.readings !== kept) keep(data.readings);
  } else if (now - reportedAt > RETRY_MS) {
    reportedAt = now;
    component.setTriggerValue("stored", [text, now]);
  }
}
