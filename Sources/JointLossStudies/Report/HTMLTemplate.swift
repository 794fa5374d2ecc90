/// The Mustache template of `report.html`: in the source, so that a plugin's program needs no resource bundle.
enum HTMLTemplate {
  static let text = #"""
    {{% CONTENT_TYPE:SCALARS}}
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>{{title}}</title>
    <style>
    :root { color-scheme: light; }
    body { margin: 0 auto; max-width: 76rem; padding: 2rem 1.5rem 4rem; background: #fff; color: #1c1c1c;
      font: 16px/1.55 system-ui, -apple-system, "Segoe UI", "Liberation Sans", Arial, sans-serif; }
    h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 1rem; }
    h2 { font-size: 1.4rem; margin: 3rem 0 .75rem; padding-top: 1rem; border-top: 2px solid #1c1c1c; }
    h3 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
    .conclusion { font-size: 1.1rem; max-width: 56rem; }
    .note, figcaption, .files, li { max-width: 56rem; }
    .note { border-left: 3px solid #d55e00; padding-left: .75rem; margin: .5rem 0; }
    .wide { overflow-x: auto; }
    table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums; margin: .75rem 0; }
    table { border-top: 2px solid #1c1c1c; border-bottom: 2px solid #1c1c1c; }
    th, td { padding: .3rem .7rem; white-space: nowrap; }
    th { border-bottom: 1px solid #1c1c1c; font-weight: 600; }
    tbody tr:nth-child(even) { background: #f5f5f5; }
    .left { text-align: left; } .right { text-align: right; }
    td.value { white-space: normal; }
    figure { margin: 1.5rem 0 2.5rem; }
    figure svg { width: 100%; height: auto; display: block; }
    figcaption { font-size: .92rem; color: #333; }
    .files, .absent { font-size: .82rem; color: #666; }
    .absent { border: 1px dashed #999; padding: 1rem; }
    pre { background: #f5f5f5; padding: 1rem; overflow-x: auto; font-size: .85rem; }
    @media print { body { max-width: none; padding: 0; } figure, table { break-inside: avoid; } }
    </style>
    </head>
    <body>
    <h1>{{title}}</h1>
    {{#conclusions}}
    <p class="conclusion">{{.}}</p>
    {{/conclusions}}
    {{#suites}}
    <section>
    <h2>{{heading}}</h2>
    {{#main}}
    {{>table}}
    {{/main}}
    <p class="conclusion">{{conclusion}}</p>
    {{#notes}}
    <p class="note">{{.}}</p>
    {{/notes}}
    {{#figures}}
    <figure>
    {{#isDrawn}}
    <div style="max-width: {{width}}px">{{{picture}}}</div>
    {{/isDrawn}}
    {{^isDrawn}}
    <p class="absent">Not drawn: gnuplot was not available or failed. The script is {{script}}; install gnuplot
    (apt-get install gnuplot-nox) and run jointloss report on this folder.</p>
    {{/isDrawn}}
    <figcaption><strong>{{title}}.</strong> {{caption}} <span class="files">{{files}}</span></figcaption>
    </figure>
    {{/figures}}
    <h3>Test loss of each task, mean over seeds</h3>
    {{#losses}}
    {{>table}}
    {{/losses}}
    <h3>Test loss of each task divided by that of {{yardstick}}</h3>
    {{#ratios}}
    {{>table}}
    {{/ratios}}
    <h3>Cost</h3>
    {{#costs}}
    {{>table}}
    {{/costs}}
    </section>
    {{/suites}}
    <section>
    <h2>How to read the tables</h2>
    <ul>
    {{#conventions}}
    <li>{{.}}</li>
    {{/conventions}}
    </ul>
    </section>
    <section>
    <h2>How to reproduce</h2>
    <p>{{runs}} runs, one file each in <code>runs/</code>. The records alone redraw this page:
    <code>jointloss report DIR</code>.{{#hasStudy}} The runs themselves are repeated, to the same bits on the same
    build and processor, by <code>jointloss run study.yaml</code> with this file:{{/hasStudy}}</p>
    {{#hasStudy}}
    <pre>{{study}}</pre>
    {{/hasStudy}}
    <h3>What was run</h3>
    <table><tbody>
    {{#settings}}
    <tr><td class="left">{{name}}</td><td class="left value">{{value}}</td></tr>
    {{/settings}}
    </tbody></table>
    <h3>Made with</h3>
    <table><tbody>
    {{#versions}}
    <tr><td class="left">{{name}}</td><td class="left value">{{value}}</td></tr>
    {{/versions}}
    </tbody></table>
    </section>
    </body>
    </html>

    """#

  /// The partial `table`: a heading row and rows of cells.
  static let table = #"""
    {{% CONTENT_TYPE:SCALARS}}
    <div class="wide"><table>
    <thead><tr>{{#head}}<th class="{{side}}">{{text}}</th>{{/head}}</tr></thead>
    <tbody>
    {{#rows}}
    <tr>{{#cells}}<td class="{{side}}">{{text}}</td>{{/cells}}</tr>
    {{/rows}}
    </tbody></table></div>

    """#
}
