using Gateway.Import;
using Gateway.Tests.Support;

namespace Gateway.Tests.Import;

/// <summary>The files in <c>Golden/Import</c>: a folder for each format, and in it for each case the file to import
/// (<c>.in</c>), the configuration made of it (<c>.json</c>) and the report (<c>.report</c>).</summary>
internal static class ImportCases
{
    private static readonly string _folder = Path.Combine(SourceTree.Root, "src/Gateway.Tests/Golden/Import");

    /// <summary>Format and name of every case.</summary>
    public static TheoryData<string, string> All
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (var file in Directory.GetFiles(_folder, "*.in", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            {
                all.Add(Path.GetFileName(Path.GetDirectoryName(file)!), Path.GetFileNameWithoutExtension(file));
            }

            return all;
        }
    }

    public static string Read(string format, string name) => File.ReadAllText(Path.Combine(_folder, format, name + ".in"));

    public static ImportResult Import(string text, string format, string name) =>
        Importer.Import(SourceText.Of(text), ImportFormats.Parse(format), name + ".in");

    public static string GoldenFile(string format, string name, string ending) =>
        $"src/Gateway.Tests/Golden/Import/{format}/{name}{ending}";
}
