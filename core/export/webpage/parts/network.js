// The trained network: its steps one after the other, computed by TensorFlow.js.

const STEPS = {
  affine: ([x], { factor, offset }) => tf.add(tf.mul(x, factor), offset),
  convolution: ([x], step) => biased(tf.conv2d(x, step.kernel, step.strides, step.padding, "NHWC", step.dilation), step),
  depthwise: ([x], step) =>
    biased(tf.depthwiseConv2d(x, step.kernel, step.strides, step.padding, "NHWC", step.dilation), step),
  dense: ([x], step) => biased(tf.matMul(x, step.kernel), step),
  max_pool: ([x], { size, strides, padding }) => tf.maxPool(x, size, strides, padding),
  average_pool: ([x], { size, strides, padding }) => tf.avgPool(x, size, strides, padding),
  average: ([x], { keep_dimensions }) => tf.mean(x, [1, 2], keep_dimensions),
  pad: ([x], { padding }) => tf.pad(x, [[0, 0], ...padding, [0, 0]]),
  reshape: ([x], { shape }) => tf.reshape(x, [1, ...shape]),
  add: (inputs) => inputs.reduce((one, other) => tf.add(one, other)),
  multiply: (inputs) => inputs.reduce((one, other) => tf.mul(one, other)),
  concatenate: (inputs) => tf.concat(inputs, -1),
  relu: ([x]) => tf.relu(x),
  relu6: ([x]) => tf.relu6(x),
  sigmoid: ([x]) => tf.sigmoid(x),
  silu: ([x]) => tf.mul(x, tf.sigmoid(x)),
  hard_sigmoid: ([x]) => hardSigmoid(x),
  hard_silu: ([x]) => tf.mul(x, hardSigmoid(x)),
  softmax: ([x]) => tf.softmax(x),
  same: ([x]) => x,
};

const biased = (x, { bias }) => (bias ? tf.add(x, bias) : x);
const hardSigmoid = (x) => tf.mul(tf.relu6(tf.add(x, tf.scalar(3))), tf.scalar(1 / 6));

// Start TensorFlow.js with the kernels of this page; it may fetch nothing.
async function startRuntime(kernels) {
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  tf.env().platform.fetch = async () => new Response(kernels, { headers: { "Content-Type": "application/wasm" } });
  tf.wasm.setWasmPaths("inside/", true);
  if (!(await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT"))) throw new Error("This browser is too old: update it.");
  if (!(await tf.setBackend("wasm"))) throw new Error("This browser cannot run the model.");
  await tf.ready();
}

// Returns a function from pixels, size x size x 3 bytes, to the probabilities of the classes.
function openNetwork(network, weights, size) {
  const numbers = new Float32Array(weights.buffer);
  const tensor = (value) => {
    if (value?.start === undefined) return value;
    const count = value.shape.reduce((one, other) => one * other, 1);
    return tf.tensor(numbers.subarray(value.start, value.start + count), value.shape);
  };
  const steps = network.steps.map((step) =>
    Object.fromEntries(Object.entries(step).map(([name, value]) => [name, tensor(value)])),
  );
  return async (pixels) => {
    const answer = tf.tidy(() => {
      const results = { [network.input]: tf.tensor(Float32Array.from(pixels), [1, size, size, 3]) };
      for (const step of steps) {
        results[step.name] = STEPS[step.kind](step.inputs.map((name) => results[name]), step);
      }
      return results[network.output];
    });
    const probabilities = await answer.data();
    answer.dispose();
    return probabilities;
  };
}
