"""The look of the quality report's page: light and dark, wide and narrow, and on paper."""

# Blue and orange are told apart by every kind of colour vision (Okabe and Ito's palette, darkened or
# lightened for contrast), and nothing is told by colour alone.
STYLE = """
:root { color-scheme: light dark;
  --page: #f4f5f7; --card: #fff; --ink: #16202c; --soft: #5a6675; --line: #e3e7ec; --track: #eef1f4;
  --kept: #0b6ba8; --kept-soft: #0b6ba826; --out: #c2570c; --warn: #fff6e9; --warn-line: #eebd7d;
  --warn-ink: #7a3b06;
  --good: #edf7f1; --good-line: #b5dcc5; --good-ink: #14603a; }
@media (prefers-color-scheme: dark) { :root {
  --page: #0e1318; --card: #171e26; --ink: #e8edf2; --soft: #9aa7b5; --line: #2a343f; --track: #232c36;
  --kept: #58b4e8; --kept-soft: #58b4e82e; --out: #f0a04b; --warn: #2d2113; --warn-line: #7a5424;
  --warn-ink: #ffd9a8;
  --good: #13271d; --good-line: #2a5a41; --good-ink: #a9e2c3; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--ink); overflow-wrap: anywhere;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 40px 24px 64px; }
h1, h2, p, figure, dl, dd { margin: 0; }
h1 { font-size: clamp(1.6rem, 1.1rem + 2.2vw, 2.4rem); line-height: 1.15; letter-spacing: -.02em; }
h2 { font-size: 1.05rem; letter-spacing: -.005em; }
.eyebrow { color: var(--kept); font-weight: 650; font-size: .82rem; letter-spacing: .08em; text-transform:
  uppercase; }
.sub, .note { color: var(--soft); }
.note { font-size: .88rem; }
header { display: grid; gap: 6px; margin-bottom: 28px; }
.grid { display: grid; grid-template-columns: repeat(12, minmax(0, 1fr)); gap: 18px; }
.card { grid-column: span 12; background: var(--card); border: 1px solid var(--line); border-radius: 14px;
  padding: 22px 24px; display: grid; gap: 14px; align-content: start; min-width: 0; }
.half { grid-column: span 6; }
.half .bars td.w { width: 34%; }
.tiles { grid-column: span 12; display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 18px; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 18px 20px;
  display: flex; flex-direction: column; }
.tile dt { color: var(--soft); font-size: .9rem; }
.tile .figure { font-size: clamp(1.5rem, 1rem + 1.6vw, 2.1rem); font-weight: 680; letter-spacing: -.02em;
  line-height: 1.25; }
.tile .delta { color: var(--soft); font-size: .88rem; }
.banner { grid-column: span 12; border: 1px solid var(--good-line); background: var(--good); color:
  var(--good-ink);
  border-radius: 14px; padding: 16px 20px; }
.banner.warned { border-color: var(--warn-line); background: var(--warn); color: var(--warn-ink); }
.banner ul { margin: 6px 0 0; padding-left: 20px; }
.banner li { margin: 2px 0; }
.banner strong { font-weight: 680; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 7px 0 7px 14px; border-top: 1px solid var(--line); vertical-align:
  middle; }
th:first-child, td:first-child { padding-left: 0; }
thead th { border-top: 0; color: var(--soft); font-weight: 550; font-size: .82rem; }
tbody th { font-weight: 450; }
.n { text-align: right; white-space: nowrap; }
.bars td.w { width: 42%; }
.chart { display: flex; }
svg { display: block; overflow: visible; flex: 1 1 0; min-width: 0; }
svg.ticks { flex: 0 0 44px; }
svg text { fill: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums; }
svg .grid { stroke: var(--line); }
svg .axis { stroke: var(--soft); stroke-opacity: .55; }
.bar rect { fill: var(--kept); }
.bar rect.hit { fill: transparent; }
.bar:hover rect.hit { fill: var(--kept-soft); }
.mark line { stroke: var(--ink); stroke-width: 1.5; stroke-dasharray: 4 3; }
.mark text { fill: var(--ink); font-weight: 600; }
.line { fill: none; stroke: var(--kept); stroke-width: 2.5; stroke-linejoin: round; }
.area { fill: var(--kept-soft); }
rect.kept { fill: var(--kept); } rect.out { fill: var(--out); } rect.track { fill: var(--track); }
svg.share { border-radius: 7px; overflow: hidden; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 22px; font-size: .92rem; }
.legend b { font-weight: 650; }
.legend i { display: inline-block; width: 11px; height: 11px; border-radius: 3px; margin-right: 8px;
  background: var(--kept); }
.legend i.out { background: var(--out); }
details { border-top: 1px solid var(--line); padding-top: 10px; }
summary { cursor: pointer; color: var(--soft); font-size: .88rem; width: fit-content; }
summary:focus-visible { outline: 2px solid var(--kept); outline-offset: 3px; border-radius: 3px; }
details > div { max-height: 340px; overflow: auto; margin-top: 8px; }
footer { margin-top: 28px; color: var(--soft); font-size: .85rem; }
code { font: .92em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
@media (max-width: 860px) { .half { grid-column: span 12; } .tiles { grid-template-columns: repeat(2,
  minmax(0, 1fr)); gap: 12px; } }
@media (max-width: 520px) { main { padding: 24px 14px 40px; } .grid { gap: 12px; } .card { padding: 18px
  16px; }
  .tile { padding: 14px 14px; } .minor { display: none; } .bars td.w, .bars th.w { display: none; }
  .changes .old { display: none; } th, td { padding-left: 10px; } }
@media print { body { background: #fff; } .card, .tile { break-inside: avoid; } }
"""
