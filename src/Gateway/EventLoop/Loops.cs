namespace Gateway.EventLoop;

/// <summary>The event loops of the process.</summary>
internal sealed class Loops : IDisposable
{
    private readonly Loop[] _loops;

    /// <summary>Starts this many loops; 0 is one for each processor.</summary>
    public Loops(int count, TimeProvider time, ILogger logger)
    {
        _loops = new Loop[count > 0 ? count : Environment.ProcessorCount];
        for (var i = 0; i < _loops.Length; i++)
        {
            _loops[i] = new Loop($"loop {i}", time, logger);
        }
    }

    /// <summary>Whether loops work on this system.</summary>
    public static bool IsSupported => OperatingSystem.IsLinux();

    public IReadOnlyList<Loop> All => _loops;

    public void Dispose()
    {
        foreach (var loop in _loops)
        {
            loop.Dispose();
        }
    }
}
