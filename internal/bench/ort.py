"""Answers, line by line on standard input, with ONNX Runtime's times for one model.

    ort.py MODEL.onnx THREADS   (bench starts it; see theirs.go)

    run N   →  N times "wall,cpu" in milliseconds, behind one run that is not timed
    save F  →  writes all outputs to the file, float32, and the name of each
    peak    →  bytes of the largest memory that the process had
"""

import sys
import time

import numpy
import onnxruntime


def peak():
    """Returns the largest resident memory in bytes, 0 where the system does not say (proc(5)).

    getrusage would count the memory of the process that started this one.
    """
    try:
        with open("/proc/self/status") as f:
            for line in f:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def main():
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(sys.argv[2])
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
    source = session.get_inputs()[0]
    x = numpy.sin(0.37 * numpy.arange(numpy.prod(source.shape), dtype=numpy.float64))
    value = onnxruntime.OrtValue.ortvalue_from_numpy(x.astype(numpy.float32).reshape(source.shape))
    names = [o.name for o in session.get_outputs()]
    # Bound values stay the runtime's own: no copy to numpy is in the time, and little of Python
    # (36 microseconds less for each run of LeNet-5 than session.run_with_ort_values).
    bound = session.io_binding()
    bound.bind_ortvalue_input(source.name, value)
    for name in names:
        bound.bind_output(name)

    def run():
        session.run_with_iobinding(bound)

    for _ in range(2):
        run()
    print("ready", onnxruntime.__version__, flush=True)
    for line in sys.stdin:
        word, *rest = line.split()
        if word == "run":
            times = []
            for i in range(int(rest[0]) + 1):
                cpu, wall = time.process_time_ns(), time.perf_counter_ns()
                run()
                took = time.perf_counter_ns() - wall, time.process_time_ns() - cpu
                if i > 0:
                    times.append("%.6f,%.6f" % (took[0] / 1e6, took[1] / 1e6))
            print(*times, flush=True)
        elif word == "save":
            with open(rest[0], "wb") as f:
                for out in bound.get_outputs():
                    f.write(out.numpy().astype("<f4").tobytes())
            print(*names, flush=True)
        elif word == "peak":
            print(peak(), flush=True)


main()
