// Types of the functions of mat4.js that we call; the package ships no types for its ES modules.
export type Mat4 = Float32Array | Float64Array | number[];
export function create(): Float32Array;
export function perspective<T extends Mat4>(out: T, fovy: number, aspect: number, near: number, far: number | null): T;
export function lookAt<T extends Mat4>(out: T, eye: ArrayLike<number>, center: ArrayLike<number>, up: ArrayLike<number>): T;
export function multiply<T extends Mat4>(out: T, a: Mat4, b: Mat4): T;
export function invert<T extends Mat4>(out: T, a: Mat4): T | null;
