using System.Runtime;
using System.Runtime.InteropServices;

namespace Gateway.Hosting;

/// <summary>Has the thread on which .NET compiles often used code anew give way to those that serve clients; Linux only.</summary>
/// <remarks>
/// For a minute or so after a start, and whenever something new is used often, it competes with the event loops: on a machine without a processor
/// to spare one request in a hundred waits for it. .NET has no setting for that, and the thread comes and goes with the work. It is told
/// apart by its name, which on Linux is the first fifteen characters; under any other it is merely not found.
/// </remarks>
internal sealed partial class CompilerPriority(TimeProvider time) : IHostedService, IDisposable
{
    /// <summary>What .NET calls the thread.</summary>
    public const string ThreadName = ".NET Tiered Compilation Worker";

    /// <summary>How much it is to give way (nice(2)): with 10 it gets a tenth of what an event loop does, where both want the same processor,
    /// and all of one that is idle.</summary>
    public const int Nice = 10;

    private const int LongestOnLinux = 15;
    private const string Threads = "/proc/self/task";
    private const int OneThread = 0;

    private static readonly TimeSpan _lookEvery = TimeSpan.FromMilliseconds(500);

    private ITimer? _timer;
    private long _compiled;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsLinux())
        {
            _timer = time.CreateTimer(_ => Look(), null, TimeSpan.Zero, _lookEvery);
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => _timer?.Dispose();

    /// <summary>Lowers the priority of the thread if there is one; it cannot be raised again without the right to.</summary>
    public static void Lower()
    {
        foreach (var thread in Directory.EnumerateDirectories(Threads))
        {
            if (NameOf(thread).SequenceEqual(ThreadName.AsSpan(0, LongestOnLinux)))
            {
                // A thread that has ended meanwhile needs none.
                _ = SetPriority(OneThread, int.Parse(Path.GetFileName(thread.AsSpan())), Nice);
            }
        }
    }

    private static ReadOnlySpan<char> NameOf(string thread)
    {
        try
        {
            return File.ReadAllText(Path.Combine(thread, "comm")).AsSpan().TrimEnd('\n');
        }
        catch (IOException)
        {
            // It has ended.
            return default;
        }
    }

    // While nothing is compiled there is nothing to look for.
    private void Look()
    {
        var compiled = JitInfo.GetCompiledMethodCount();
        if (compiled != Interlocked.Exchange(ref _compiled, compiled))
        {
            Lower();
        }
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int kind, int id, int nice);
}
