// SPDX-License-Identifier: BSD-2-Clause
/*
 * Vectors in a kind, from Java 17: their memory is a segment, which is freed
 * with its scope. No copy is made, and no garbage collector looks at them.
 */
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodType;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import jdk.incubator.foreign.CLinker;
import jdk.incubator.foreign.FunctionDescriptor;
import jdk.incubator.foreign.MemoryAddress;
import jdk.incubator.foreign.MemoryLayout;
import jdk.incubator.foreign.MemorySegment;
import jdk.incubator.foreign.ResourceScope;
import jdk.incubator.foreign.SymbolLookup;

class KindExample {
	static final MemoryLayout INT = CLinker.C_INT, LONG = CLinker.C_LONG,
	    POINTER = CLinker.C_POINTER;

	static {
		System.loadLibrary("poolkind");
	}

	/** A function of libpoolkind; null is void. */
	static MethodHandle function(String name, MemoryLayout result,
	    MemoryLayout... arguments) {
		MethodType type = MethodType.methodType(of(result));
		for (MemoryLayout argument : arguments)
			type = type.appendParameterTypes(of(argument));
		return CLinker.getInstance().downcallHandle(
		    SymbolLookup.loaderLookup().lookup(name).get(), type,
		    result == null ? FunctionDescriptor.ofVoid(arguments)
		                   : FunctionDescriptor.of(result, arguments));
	}

	static Class<?> of(MemoryLayout layout) {
		return layout == null ? void.class : layout == INT ? int.class
		    : layout == LONG ? long.class : MemoryAddress.class;
	}

	static final MethodHandle
	    open = function("poolkind_open", POINTER, POINTER, INT),
	    close = function("poolkind_close", INT, POINTER),
	    calloc = function("poolkind_calloc", POINTER, POINTER, LONG, LONG),
	    free = function("poolkind_free", null, POINTER, POINTER),
	    stats = function("poolkind_get_stats", INT, POINTER, POINTER, LONG),
	    errormsg = function("poolkind_errormsg", POINTER);

	/** Doubles in a kind, all 0, until the scope is closed. */
	static DoubleBuffer doubles(MemoryAddress kind, int count,
	    ResourceScope scope) throws Throwable {
		MemoryAddress block = (MemoryAddress)
		    calloc.invokeExact(kind, (long)count, 8L);
		if (block.equals(MemoryAddress.NULL))
			throw new OutOfMemoryError("no room in the kind");
		return block.asSegment(count * 8L, () -> give(kind, block), scope)
		    .asByteBuffer().order(ByteOrder.nativeOrder()).asDoubleBuffer();
	}

	static void give(MemoryAddress kind, MemoryAddress block) {
		try {
			free.invokeExact(kind, block);
		} catch (Throwable impossible) {
			throw new AssertionError(impossible);
		}
	}

	/** live, the first of struct poolkind_stats. */
	static long live(MemoryAddress kind) throws Throwable {
		try (ResourceScope scope = ResourceScope.newConfinedScope()) {
			MemorySegment one = MemorySegment.allocateNative(8, scope);
			int status = (int)stats.invokeExact(kind, one.address(), 8L);
			return status == 0 ? one.asByteBuffer()
			    .order(ByteOrder.nativeOrder()).getLong() : -1;
		}
	}

	public static void main(String[] arguments) throws Throwable {
		String text = arguments.length > 0 ? arguments[0] : "dram";
		MemoryAddress kind;
		if (text.equals("--help")) {
			System.out.println("usage: kind.java [KIND] - vectors in a kind, "
			    + "from Java, and what the kind holds.");
			return;
		}
		try (ResourceScope scope = ResourceScope.newConfinedScope()) {
			kind = (MemoryAddress)open.invokeExact(
			    CLinker.toCString(text, scope).address(), 0);
		}
		if (kind.equals(MemoryAddress.NULL)) {
			System.err.println("kind.java: " + CLinker.toJavaString(
			    (MemoryAddress)errormsg.invokeExact()));
			System.exit(1);
		}
		try (ResourceScope scope = ResourceScope.newConfinedScope()) {
			DoubleBuffer x = doubles(kind, 1000, scope);
			DoubleBuffer y = doubles(kind, 1000, scope);
			double sum = 0;
			for (int i = 0; i < 1000; i++)
				x.put(i, i).put(i, x.get(i) + y.get(i));
			for (int i = 0; i < 1000; i++)
				sum += x.get(i);
			System.out.println("sum " + sum + ", " + live(kind) + " bytes live");
		}
		System.out.println(live(kind) + " bytes live after the scope");
		int status = (int)close.invokeExact(kind);
		System.exit(status);
	}
}
