"""Writes testdata/golden/same/lenet5-modern.caffemodel: the committed LeNet-5 as Caffe's, in the older
form, as examples/mnist wrote them: ReLU in place, inputs for picture and label, a loss at the end.
The other frameworks' files of the same net are same_net.py's.

    /tmp/caffe/bin/python scripts/golden/same_caffe.py      (requirements-caffe.txt; from the root)
"""

from safetensors.numpy import load_file

from caffe_schema import build

OUT = "testdata/golden/same/lenet5-modern.caffemodel"


def main():
    w = load_file("models/lenet5-modern.safetensors")
    net = build()["NetParameter"](name="LeNet", input=["data"], input_dim=[64, 1, 32, 32])

    def layer(name, kind, bottom, top, weights=None, **params):
        l = net.layers.add(name=name, type=kind, bottom=[bottom], top=[top])
        for part in ("weight", "bias") if weights else ():
            v = w[f"{weights}.{part}"]
            dims = (1,) * (4 - v.ndim) + v.shape
            l.blobs.add(num=dims[0], channels=dims[1], height=dims[2], width=dims[3], data=v.ravel().tolist())
        for field, values in params.items():
            for k, v in values.items():
                target = getattr(getattr(l, field), k)
                target.append(v) if hasattr(target, "append") else setattr(getattr(l, field), k, v)

    at = "data"
    for conv, pool, maps in ("c1", "s2", 6), ("c3", "s4", 16):
        layer(conv, "CONVOLUTION", at, conv, conv, convolution_param=dict(num_output=maps, kernel_size=5))
        layer(conv + ".act", "RELU", conv, conv)
        layer(pool, "POOLING", conv, pool, pooling_param=dict(kernel_size=2, stride=2))
        at = pool
    for fc, units in ("f5", 120), ("f6", 84):
        layer(fc, "INNER_PRODUCT", at, fc, fc, inner_product_param=dict(num_output=units))
        layer(fc + ".act", "RELU", fc, fc)
        at = fc
    layer("output", "INNER_PRODUCT", at, "output", "output", inner_product_param=dict(num_output=10))
    layer("loss", "SOFTMAX_LOSS", "output", "loss")
    net.layers[-1].bottom.append("label")
    net.input.append("label")
    net.input_dim.extend([64, 1, 1, 1])
    with open(OUT, "wb") as f:
        f.write(net.SerializeToString())


if __name__ == "__main__":
    main()
