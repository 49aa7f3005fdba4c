// Shapes that the modules share. No code: only JSDoc types for `tsc --checkJs`.

/**
 * A unit of the net. Fully connected layers are C×1×1: y = x = 0.
 * @typedef {{layer: number, channel: number, y: number, x: number}} UnitRef
 */

/** @typedef {"input"|"conv"|"pool"|"subsample"|"fc"|"rbf"} LayerKind */
/** @typedef {"scaled_tanh"|"tanh"|"relu"|"identity"|"softmax"|"sigmoid"} ActivationName */

/**
 * @typedef {object} Activation
 * @property {ActivationName} name
 * @property {string} formula for the reader: "A·tanh(S·s)"
 * @property {number} [a] amplitude of the scaled tanh
 * @property {number} [b] slope of the scaled tanh
 */

/**
 * @typedef {object} Layer
 * @property {number} index position in manifest.layers, 0 = input
 * @property {string} name "C1"
 * @property {LayerKind} kind
 * @property {string} op operator name of the engine
 * @property {[number, number, number]} shape C, H, W
 * @property {number[]} inputs indices of the layers it reads
 * @property {[number, number]|null} kernel height, width
 * @property {[number, number]|null} stride
 * @property {[number, number]|null} padding
 * @property {number[][]|null} table C3's connections: rows = input maps, columns = output maps, 1 = connected
 * @property {Activation|null} activation
 * @property {boolean} signed values may be negative: drawn with PuOr
 * @property {number} params
 * @property {number} connections
 * @property {string|null} weight name of the weight tensor
 * @property {string|null} bias name of the bias tensor
 */

/**
 * @typedef {object} Block
 * @property {string} name
 * @property {string} kind
 * @property {number[]} layers
 * @property {Block[]} children
 */

/**
 * What a net is: sent once after hello and after each change of net.
 * @typedef {object} Manifest
 * @property {"manifest"} type
 * @property {number} version
 * @property {string} model name, as in the address
 * @property {string} title
 * @property {number} units
 * @property {number} params
 * @property {number|null} connections
 * @property {{width: number, height: number, pad: number, scale: number, offset: number, text: string}} input
 * @property {Layer[]} layers
 * @property {Block} blocks
 * @property {{kind: "softmax"|"tanh"|"rbf", labels: string[], lowerIsBetter: boolean}} head
 * @property {{url: string, sha256: string}} weights
 * @property {number} accuracy 0…1, on the 10,000 test digits
 * @property {number[][]|null} confusion rows = true class, columns = answer
 */

/**
 * The answer to one drawing.
 * @typedef {object} Answer
 * @property {"answer"} type
 * @property {number} run
 * @property {number[]} scores ten exact outputs
 * @property {number[]|null} probabilities where the head has them
 * @property {number[]} order class ids, best first
 * @property {boolean} blank nothing was drawn
 */

/**
 * One input map's part in a unit's sum. h×w patch, row-major.
 * @typedef {object} Term
 * @property {number} layer
 * @property {number} channel
 * @property {number} channels how many from channel on: more than 1 only where the input is a vector
 * @property {number} y top row of the patch (may be negative with padding)
 * @property {number} x
 * @property {number} h
 * @property {number} w
 * @property {number[]} inputs
 * @property {number[]} weights
 * @property {number[]} products inputs × weights; (x−w)² for an RBF unit
 * @property {number} sum
 */

/**
 * @typedef {object} PoolInfo
 * @property {"max"|"average"|"subsample"} kind
 * @property {number[]} inputs
 * @property {[number, number][]} positions y, x of each input
 * @property {number|null} winner index into inputs
 * @property {number|null} coefficient
 * @property {number|null} bias
 * @property {number|null} sum
 */

/**
 * Part of an earlier layer that a unit looks at; bounds are inclusive.
 * @typedef {{layer: number, y0: number, x0: number, y1: number, x1: number, channels: number[]}} Field
 */

/**
 * Part of a later layer that a unit feeds.
 * @typedef {{layer: number, channels: number[], y0: number, x0: number, y1: number, x1: number, count: number, wins: boolean|null}} Feed
 */

/**
 * Everything about one unit, with exact float32 values.
 * @typedef {object} UnitInfo
 * @property {"unit"} type
 * @property {number} id
 * @property {number} run
 * @property {number} layer
 * @property {number} channel
 * @property {number} y
 * @property {number} x
 * @property {number} value
 * @property {number|null} pre pre-activation
 * @property {string} op
 * @property {Term[]} terms
 * @property {number} productsSum
 * @property {number} products how many
 * @property {number|null} bias
 * @property {Activation|null} activation
 * @property {PoolInfo|null} pool
 * @property {number|null} edit scale of an edit in force on this map
 * @property {boolean} exact the sum repeated here equals the stored value bit for bit
 * @property {number} difference
 * @property {Field[]} field
 * @property {Feed[]} feeds
 */

/** @typedef {{layer: number, channel: number, scale: number}} Edit */
/** @typedef {{type: "values", id: number, layer: number, channel: number, y: number, x: number, h: number, w: number, values: number[]}} Values */
/** @typedef {{type: "error", code: string, message: string, hint?: string, id?: number}} ServerError */
/** @typedef {Manifest|Answer|UnitInfo|Values|ServerError} ServerMessage */

/**
 * One block of a binary frame: value = min + byte × scale.
 * @typedef {object} FrameBlock
 * @property {number} layer
 * @property {number} level
 * @property {number} channel0
 * @property {number} channels
 * @property {number} width
 * @property {number} height
 * @property {number} min
 * @property {number} scale
 * @property {Uint8Array} bytes a view into the frame, not a copy
 */

/**
 * @typedef {object} Frame
 * @property {number} kind 1 INPUT, 2 ACTIVATIONS
 * @property {number} run
 * @property {number} unit model generation
 * @property {number} flags 1 last of the run, 2 blank input, 4 edited
 * @property {FrameBlock[]} blocks
 */

/** @typedef {{layer: number, window: number, running: boolean, speed: number}} Play */

/**
 * The page's state: small, frozen, serialisable. Activations are not state.
 * @typedef {object} AppState
 * @property {string} model
 * @property {"3d"|"flat"} view
 * @property {UnitRef|null} hover
 * @property {UnitRef|null} pin
 * @property {"map"|"layer"|"net"} scope what one colour scale covers
 * @property {number[]} hidden layer indices
 * @property {{layer: number, channel: number}[]} off maps that are switched off
 * @property {boolean} centred MNIST's recipe (true) or raw greys
 * @property {"pen"|"eraser"} tool
 * @property {number} brush px of the 280 px pad
 * @property {"fill"|"classic"} spacing of the planes
 * @property {Play|null} play
 * @property {"connecting"|"open"|"lost"} connection
 * @property {"dark"|"light"} theme
 * @property {"en"|"zh"} lang
 * @property {boolean} text the text twin is shown
 * @property {Answer|null} answer
 * @property {Manifest|null} manifest
 * @property {number} run
 * @property {boolean} blank nothing is drawn
 * @property {boolean} inspector the inspector is open
 * @property {number|null} layer the layer looked at: the stop of the thread
 */

/**
 * @typedef {object} AppStore
 * @property {() => Readonly<AppState>} get
 * @property {(patch: Partial<AppState>) => void} set
 * @property {(fn: (state: Readonly<AppState>, prev: Readonly<AppState>) => void, signal?: AbortSignal) => void} subscribe
 */

/**
 * The connection to the server. Reconnects by itself.
 * @typedef {object} Client
 * @property {(greys: Uint8Array) => number} sendInput 784 greys, 0 paper … 255 ink; the number of the run
 * @property {(ref: UnitRef) => Promise<UnitInfo>} unit rejects with a code: the server's, "superseded", "stale", "closed"
 * @property {(ref: UnitRef, h: number, w: number) => Promise<Values>} expand exact values of a patch
 * @property {(name: string) => void} setModel
 * @property {(edits: Edit[]) => void} setEdits replaces the list
 * @property {(fn: (frame: Frame) => void, signal?: AbortSignal) => void} onFrame
 * @property {(fn: (error: ServerError) => void, signal?: AbortSignal) => void} onError errors that answer no request
 * @property {() => void} retry tries to connect now
 * @property {() => number} retryAt performance.now() of the next attempt; 0 while none is planned
 * @property {() => void} close
 */

/**
 * The dequantisable bytes of every unit, in layer order.
 * @typedef {object} Activations
 * @property {(m: Manifest) => void} setManifest
 * @property {(frame: Frame) => void} apply
 * @property {Uint8Array} bytes
 * @property {(layer: number) => number} offset
 * @property {(ref: UnitRef) => number} value
 * @property {(layer: number, channel: number) => {min: number, scale: number}} affine as the last frame had it
 * @property {(layer: number, channel: number) => {min: number, max: number}} channelRange
 * @property {(layer: number, channel: number, scope: AppState["scope"]) => {lo: number, hi: number}} range
 * @property {number} version
 * @property {(fn: () => void, signal?: AbortSignal) => void} onChange
 */

/** @typedef {{shape: number[], data: Float32Array}} WeightTensor */
/** @typedef {{get: (name: string) => WeightTensor}} Weights */

/**
 * @typedef {object} Camera
 * @property {number} yaw radians
 * @property {number} pitch radians
 * @property {number} zoom
 * @property {number} x
 * @property {number} y
 */

/**
 * @typedef {object} Scene
 * @property {(m: Manifest) => void} setManifest
 * @property {(w: Weights|null) => void} setWeights
 * @property {(clientX: number, clientY: number) => UnitRef|null} pick
 * @property {(ref: UnitRef) => {x: number, y: number}|null} project client pixels; null when it is hidden or behind the eye
 * @property {(layer: number) => void} flyTo
 * @property {() => void} reset
 * @property {(dx: number, dy: number) => void} orbit CSS pixels of a drag
 * @property {(dx: number, dy: number) => void} pan
 * @property {(factor: number, clientX: number, clientY: number) => void} zoomBy about a point
 * @property {(name: string) => void} preset front, top, side, classic
 * @property {(view: AppState["view"], animate: boolean) => void} setView
 * @property {() => void} draw now
 * @property {() => void} invalidate at the next frame
 * @property {() => Promise<Blob>} snapshot PNG
 * @property {(ref: UnitRef) => [number, number, number, number]|null} readPixel for tests: RGBA of the unit's top as drawn
 * @property {() => number[]} camera numbers for the address
 * @property {(c: number[]) => void} setCamera
 * @property {(fn: () => void, signal?: AbortSignal) => void} onCamera
 * @property {() => Record<string, number>} stats
 * @property {() => void} dispose
 */

/** @typedef {(key: string, values?: Record<string, string|number>) => string} Translate */

/**
 * A drawing: what the address and a reconnect bring back.
 * @typedef {object} Drawing
 * @property {() => Uint8Array} greys 784 greys that the net sees
 * @property {(greys: Uint8Array) => void} show puts 784 greys on the pad as a new drawing
 * @property {(fn: (greys: Uint8Array) => void, signal?: AbortSignal) => void} onChange
 */

/**
 * What every view gets.
 * @typedef {object} ViewContext
 * @property {AppStore} store
 * @property {Client} client
 * @property {Activations} acts
 * @property {Scene|null} scene null without WebGL 2
 * @property {() => Weights|null} weights
 * @property {Translate} t
 * @property {AbortSignal} signal ends with the page
 * @property {Bus} bus
 */

/**
 * Rare acts between views that are not state. The owner of an act answers it.
 * @typedef {object} Bus
 * @property {(name: string, detail?: unknown) => void} emit
 * @property {(name: string, fn: (detail: unknown) => void, signal?: AbortSignal) => void} on
 */

/**
 * A view owns what is inside root and returns its unmount.
 * @typedef {(root: HTMLElement, ctx: ViewContext) => () => void} Mount
 */

export {};
