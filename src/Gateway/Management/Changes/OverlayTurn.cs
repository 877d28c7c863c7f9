namespace Gateway.Management.Changes;

/// <summary>The turn to read the overlay and write it anew, which Gateway and <c>gateway passwd</c> take one after the other: what
/// one of them writes is never written over by the other who has not read it. Disposing it ends the turn.</summary>
/// <remarks>It is a lock on a file beside the overlay, which the system lets go of when a process ends. <c>overlay.lock</c> is
/// another thing: it says which Gateway the folder belongs to, for as long as that runs.</remarks>
internal sealed class OverlayTurn : IDisposable
{
    /// <summary>Nobody holds it longer than it takes to write two small files.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan _pace = TimeSpan.FromMilliseconds(10);

    private readonly FileStream _file;

    private OverlayTurn(FileStream file) => _file = file;

    /// <summary>Waits for the turn.</summary>
    /// <exception cref="IOException">Somebody else kept it for too long, or the folder cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be written.</exception>
    public static async Task<OverlayTurn> TakeAsync(string overlayFile, TimeProvider time, CancellationToken cancellation)
    {
        Versions.CreateFolder(Path.GetDirectoryName(overlayFile)!);
        var began = time.GetTimestamp();
        while (true)
        {
            try
            {
                return new OverlayTurn(new FileStream(
                    overlayFile + ".turn", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            }
            catch (IOException e) when (e is not DirectoryNotFoundException and not FileNotFoundException)
            {
                // .NET has no word of its own for a lock that another process holds.
                if (time.GetElapsedTime(began) > _patience)
                {
                    throw;
                }

                await Task.Delay(_pace, time, cancellation);
            }
        }
    }

    public void Dispose() => _file.Dispose();
}
