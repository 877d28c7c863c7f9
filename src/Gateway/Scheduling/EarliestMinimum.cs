using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Gateway.Scheduling;

/// <summary>Finds the first of the smallest values: list order decides ties, as in all schedulers of the kernel.</summary>
internal static class EarliestMinimum
{
    /// <summary>The index, or -1 when every value is positive infinity. Values must not be NaN or negative zero.</summary>
    /// <remarks>The values may change meanwhile, so the value found may be gone when it is looked for: then again.</remarks>
    public static int IndexOf(ReadOnlySpan<double> values)
    {
        // Below some vectors' worth of values the plain loop is as quick, and it is one pass instead of two.
        if (values.Length < 16)
        {
            return IndexOfShort(values);
        }

        while (true)
        {
            var smallest = Vector512.IsHardwareAccelerated ? Smallest512(values) : Smallest256(values);
            if (double.IsPositiveInfinity(smallest))
            {
                return -1;
            }

            // Equal doubles have equal bits here, and a search for 64-bit integers is vectorised.
            var index = MemoryMarshal.Cast<double, long>(values).IndexOf(BitConverter.DoubleToInt64Bits(smallest));
            if (index >= 0)
            {
                return index;
            }
        }
    }

    private static int IndexOfShort(ReadOnlySpan<double> values)
    {
        var index = -1;
        var smallest = double.PositiveInfinity;
        for (var i = 0; i < values.Length; i++)
        {
            var value = values[i];
            if (value < smallest)
            {
                smallest = value;
                index = i;
            }
        }

        return index;
    }

    // Four accumulators, because one comparison has to wait for the one before it in the same accumulator.
    private static double Smallest512(ReadOnlySpan<double> values)
    {
        var vectors = MemoryMarshal.Cast<double, Vector512<double>>(values);
        var a = Vector512.Create(double.PositiveInfinity);
        var (b, c, d) = (a, a, a);
        var i = 0;
        for (; i + 4 <= vectors.Length; i += 4)
        {
            a = Vector512.MinNative(a, vectors[i]);
            b = Vector512.MinNative(b, vectors[i + 1]);
            c = Vector512.MinNative(c, vectors[i + 2]);
            d = Vector512.MinNative(d, vectors[i + 3]);
        }

        for (; i < vectors.Length; i++)
        {
            a = Vector512.MinNative(a, vectors[i]);
        }

        var lanes = Vector512.MinNative(Vector512.MinNative(a, b), Vector512.MinNative(c, d));
        var half = Vector256.MinNative(lanes.GetLower(), lanes.GetUpper());
        return Smallest(half, values[(vectors.Length * Vector512<double>.Count)..]);
    }

    private static double Smallest256(ReadOnlySpan<double> values)
    {
        var vectors = MemoryMarshal.Cast<double, Vector256<double>>(values);
        var a = Vector256.Create(double.PositiveInfinity);
        var (b, c, d) = (a, a, a);
        var i = 0;
        for (; i + 4 <= vectors.Length; i += 4)
        {
            a = Vector256.MinNative(a, vectors[i]);
            b = Vector256.MinNative(b, vectors[i + 1]);
            c = Vector256.MinNative(c, vectors[i + 2]);
            d = Vector256.MinNative(d, vectors[i + 3]);
        }

        for (; i < vectors.Length; i++)
        {
            a = Vector256.MinNative(a, vectors[i]);
        }

        var lanes = Vector256.MinNative(Vector256.MinNative(a, b), Vector256.MinNative(c, d));
        return Smallest(lanes, values[(vectors.Length * Vector256<double>.Count)..]);
    }

    private static double Smallest(Vector256<double> lanes, ReadOnlySpan<double> rest)
    {
        var smallest = double.PositiveInfinity;
        for (var i = 0; i < Vector256<double>.Count; i++)
        {
            smallest = Math.Min(smallest, lanes[i]);
        }

        foreach (var value in rest)
        {
            smallest = Math.Min(smallest, value);
        }

        return smallest;
    }
}
