using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Gateway.Processes;

/// <summary>Tells those who wait for a command that one has ended: the kernel signals it to the process as a whole, so each has
/// to look whether it is its own.</summary>
[SupportedOSPlatform("linux")]
internal static class ChildExits
{
    private static readonly Lazy<PosixSignalRegistration> _signal = new(
        () => PosixSignalRegistration.Create(PosixSignal.SIGCHLD, _ => Tell()));

    private static TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the next child ends.</summary>
    public static Task Next
    {
        get
        {
            _ = _signal.Value;
            return Volatile.Read(ref _next).Task;
        }
    }

    private static void Tell() => Interlocked
        .Exchange(ref _next, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
}
