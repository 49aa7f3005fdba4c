"""The messages of Caffe as far as scripts/golden/caffe.py writes them: field numbers of Caffe's
src/caffe/proto/caffe.proto, typed a second time (internal/caffe/caffepb has its own), and made
into Python classes without a compiler."""

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

# A field is "number type", with * for repeated and + for repeated and packed.
SCHEMA = {
    "NetParameter": dict(name="1 string", layers="2 *V1LayerParameter", input="3 *string", input_dim="4 *int32",
                         input_shape="8 *BlobShape", layer="100 *LayerParameter"),
    "BlobShape": dict(dim="1 +int64"),
    "BlobProto": dict(num="1 int32", channels="2 int32", height="3 int32", width="4 int32", data="5 +float",
                      diff="6 +float", shape="7 BlobShape", double_data="8 +double"),
    "FillerParameter": dict(type="1 string", value="2 float"),
    "NetStateRule": dict(phase="1 int32", min_level="2 int32", stage="4 *string"),
    "ParamSpec": dict(name="1 string", lr_mult="3 float", decay_mult="4 float"),
    "LayerParameter": dict(
        name="1 string", type="2 string", bottom="3 *string", top="4 *string", loss_weight="5 *float",
        param="6 *ParamSpec", blobs="7 *BlobProto", include="8 *NetStateRule", exclude="9 *NetStateRule",
        phase="10 int32", concat_param="104 ConcatParameter", convolution_param="106 ConvolutionParameter",
        eltwise_param="110 EltwiseParameter", exp_param="111 ExpParameter", inner_product_param="117 InnerProductParameter",
        lrn_param="118 LRNParameter", pooling_param="121 PoolingParameter", power_param="122 PowerParameter",
        relu_param="123 ReLUParameter", softmax_param="125 SoftmaxParameter", slice_param="126 SliceParameter",
        prelu_param="131 PReLUParameter", reshape_param="133 ReshapeParameter", log_param="134 LogParameter",
        flatten_param="135 FlattenParameter", batch_norm_param="139 BatchNormParameter", elu_param="140 ELUParameter",
        bias_param="141 BiasParameter", scale_param="142 ScaleParameter", input_param="143 InputParameter"),
    "V1LayerParameter": dict(
        bottom="2 *string", top="3 *string", name="4 string", type="5 LayerType", blobs="6 *BlobProto", blobs_lr="7 *float",
        concat_param="9 ConcatParameter", convolution_param="10 ConvolutionParameter", dropout_param="12 DropoutParameter",
        inner_product_param="17 InnerProductParameter", lrn_param="18 LRNParameter", pooling_param="19 PoolingParameter",
        power_param="21 PowerParameter", eltwise_param="24 EltwiseParameter", relu_param="30 ReLUParameter",
        slice_param="31 SliceParameter", softmax_param="39 SoftmaxParameter", exp_param="41 ExpParameter"),
    "BatchNormParameter": dict(use_global_stats="1 bool", eps="3 float"),
    "BiasParameter": dict(axis="1 int32"),
    "ConcatParameter": dict(concat_dim="1 uint32", axis="2 int32"),
    "ConvolutionParameter": dict(
        num_output="1 uint32", bias_term="2 bool", pad="3 *uint32", kernel_size="4 *uint32", group="5 uint32", stride="6 *uint32",
        weight_filler="7 FillerParameter", pad_h="9 uint32", pad_w="10 uint32", kernel_h="11 uint32", kernel_w="12 uint32",
        stride_h="13 uint32", stride_w="14 uint32", dilation="18 *uint32"),
    "DropoutParameter": dict(dropout_ratio="1 float"),
    "ELUParameter": dict(alpha="1 float"),
    "EltwiseParameter": dict(operation="1 EltwiseOp", coeff="2 *float"),
    "ExpParameter": dict(base="1 float", scale="2 float", shift="3 float"),
    "FlattenParameter": dict(axis="1 int32"),
    "InnerProductParameter": dict(num_output="1 uint32", bias_term="2 bool", transpose="6 bool"),
    "InputParameter": dict(shape="1 *BlobShape"),
    "LogParameter": dict(base="1 float", scale="2 float", shift="3 float"),
    "LRNParameter": dict(local_size="1 uint32", alpha="2 float", beta="3 float", norm_region="4 NormRegion", k="5 float"),
    "PReLUParameter": dict(channel_shared="2 bool"),
    "PoolingParameter": dict(
        pool="1 PoolMethod", kernel_size="2 uint32", stride="3 uint32", pad="4 uint32", kernel_h="5 uint32", kernel_w="6 uint32",
        stride_h="7 uint32", stride_w="8 uint32", pad_h="9 uint32", pad_w="10 uint32", global_pooling="12 bool"),
    "PowerParameter": dict(power="1 float", scale="2 float", shift="3 float"),
    "ReLUParameter": dict(negative_slope="1 float"),
    "ReshapeParameter": dict(shape="1 BlobShape"),
    "ScaleParameter": dict(axis="1 int32", bias_term="4 bool"),
    "SliceParameter": dict(slice_dim="1 uint32", slice_point="2 *uint32", axis="3 int32"),
    "SoftmaxParameter": dict(axis="2 int32"),
}
ENUMS = {
    "LayerType": dict(NONE=0, BNLL=2, CONCAT=3, CONVOLUTION=4, DROPOUT=6, FLATTEN=8, INNER_PRODUCT=14, LRN=15, POOLING=17, RELU=18,
                      SIGMOID=19, SOFTMAX=20, SOFTMAX_LOSS=21, SPLIT=22, TANH=23, ELTWISE=25, POWER=26, SLICE=33, ABSVAL=35, EXP=38,
                      DECONVOLUTION=39),
    "EltwiseOp": dict(PROD=0, SUM=1, MAX=2),
    "PoolMethod": dict(MAX=0, AVE=1, STOCHASTIC=2),
    "NormRegion": dict(ACROSS_CHANNELS=0, WITHIN_CHANNEL=1),
}
F = descriptor_pb2.FieldDescriptorProto


def build():
    """Returns the class of every message by its name."""
    file = descriptor_pb2.FileDescriptorProto(name="caffe_golden.proto", package="caffe", syntax="proto2")
    for name, values in ENUMS.items():
        e = file.enum_type.add(name=name)
        for k, v in values.items():
            e.value.add(name=k, number=v)
    # Each enum goes into the message that has it, as Caffe does: the text form needs the bare names.
    homes = {"LayerType": "V1LayerParameter", "EltwiseOp": "EltwiseParameter", "PoolMethod": "PoolingParameter", "NormRegion": "LRNParameter"}
    enums = {e.name: e for e in file.enum_type}
    del file.enum_type[:]
    for name, fields in SCHEMA.items():
        m = file.message_type.add(name=name)
        for enum, home in homes.items():
            if home == name:
                m.enum_type.add().CopyFrom(enums[enum])
        for field, spec in fields.items():
            number, kind = spec.split()
            f = m.field.add(name=field, number=int(number), label=F.LABEL_REPEATED if kind[0] in "*+" else F.LABEL_OPTIONAL)
            f.options.packed = kind[0] == "+"
            kind = kind.lstrip("*+")
            if kind in SCHEMA:
                f.type, f.type_name = F.TYPE_MESSAGE, f".caffe.{kind}"
            elif kind in homes:
                f.type, f.type_name = F.TYPE_ENUM, f".caffe.{homes[kind]}.{kind}"
            else:
                f.type = getattr(F, "TYPE_" + kind.upper())
            if kind not in ("float", "double", "int32", "int64", "uint32", "bool"):
                f.ClearField("options")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {n: message_factory.GetMessageClass(pool.FindMessageTypeByName("caffe." + n)) for n in SCHEMA}
