// ConvNetJS's side of measure_training.py: node measure_training.js ROW, with the package in
// NODE_PATH. Commands are those of measure_training_torch.py.
"use strict";
const fs = require("fs");
const readline = require("readline");
const convnetjs = require("convnetjs");

const row = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
const defs = [{type: "input", out_sx: 1, out_sy: 1, out_depth: row.inputs[0].length}];
for (const layer of row.layers) {
    defs.push({type: "fc", num_neurons: layer.bias.length, activation: layer.activation});
}
const outputs = row.targets[0].length;
// makeLayers() puts a fully connected layer before "regression": it is removed again.
const net = new convnetjs.Net();
net.makeLayers([...defs, {type: "regression", num_neurons: outputs}]);
const dense = net.layers.filter(layer => layer.layer_type === "fc");
const extra = dense.pop();
net.layers.splice(net.layers.indexOf(extra), 1);
dense.forEach((layer, k) => {
    layer.biases.w.set(row.layers[k].bias);
    layer.filters.forEach((filter, unit) => filter.w.set(row.layers[k].weight[unit]));
});

const batch = row.order[0].length;
const trainer = new convnetjs.Trainer(net, {
    method: row.optimizer, learning_rate: row.rate, momentum: 0, batch_size: batch,
});
const volume = values => {
    const x = new convnetjs.Vol(1, 1, values.length);
    x.w.set(values);
    return x;
};
const inputs = row.inputs.map(volume);
let done = 0;

readline.createInterface({input: process.stdin}).on("line", line => {
    const [word, count] = line.split(" ");
    if (word === "loss") {
        let sum = 0;
        inputs.forEach((x, k) => net.forward(x).w.forEach((y, output) => {
            sum += 0.5 * (y - row.targets[k][output]) ** 2;
        }));
        console.log(sum / inputs.length);
        return;
    }
    const start = process.hrtime.bigint();
    for (let step = 0; step < Number(count); step++) {
        const order = row.order[done++ % row.order.length];
        for (const k of order) trainer.train(inputs[k], row.targets[k]);
    }
    console.log(Number(process.hrtime.bigint() - start) / 1e9);
});
